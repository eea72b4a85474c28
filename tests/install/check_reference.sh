#!/usr/bin/env bash
# The manual page and the completions know every command, option and variable there is.
# check_reference.sh EXAKT SOURCE
set -euo pipefail
readonly exakt=$1 source=$2

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
cd "$root"

say() { printf '%s\n' "$*"; }
die() {
    say "FAILED: $*"
    exit 1
}

"$exakt" man >exakt.1
for shell in bash zsh fish; do
    "$exakt" completion "$shell" >"completion.$shell"
done

commands() { "$exakt" --help | sed -n '/^commands:/,/^$/s/^  \([a-z]*\)  .*/\1/p'; }
options() { "$exakt" "$1" --help | sed -n 's/^  \(-[a-zA-Z],\|   \) --\([a-z-]*\).*/\2/p'; }

say 'every command and option is in the manual page and in the completions'
count=0
for command in $(commands); do
    section=$(awk -v head=".SS \"exakt $command" \
        '/^\.S[HS]/ { inside = index($0, head " ") == 1 || $0 == head "\"" } inside' exakt.1 | tr -d \\\\)
    [[ -n $section ]] || die "the manual page lacks $command"
    bash_words=$(sed -n "s/^    $command) words='//p" completion.bash)
    zsh_words=$(sed -n "/^    $command)/,/;;/p" completion.zsh)
    for option in $(options "$command"); do
        [[ $option == help ]] && continue
        count=$((count + 1))
        grep -qF -e "--${option}fR" <<<"$section" || die "the manual page lacks --$option of $command"
        grep -qw -e "--$option" <<<"$bash_words" || die "bash: $command --$option"
        grep -q "from $command' -l $option " completion.fish || die "fish: $command --$option"
        grep -q -e "--${option}[[}]" <<<"$zsh_words" || die "zsh: $command --$option"
    done
done
((count > 100)) || die "only $count options were found"

say 'every variable that the program reads is in the manual page'
grep -rhoE '(getenv|variable)\("[A-Z_]+"\)' "$source"/{harness,tuner,kernels,datasets} | grep -oE '[A-Z_]{3,}' |
    sort -u >variables
[[ -s variables ]] || die 'no variable was found in the source'
while read -r variable; do
    grep -q "$variable" exakt.1 || die "the manual page lacks $variable"
done <variables

say 'every key of what is written is in docs/formats.md'
{
    "$exakt" fit gen:blobs,n=300,d=4,k=5 -k 5 -t 1 -q --json - 2>/dev/null | grep -oE '"[a-z_]+":' || true # no cJSON
    grep -ohE 'json_add_[a-z]+\([a-z]+, "[a-z_]+"' "$source"/tuner/{profile_json,survey_json,record}.c | grep -oE '"[a-z_]+"'
    sed -n '/header\[\] =/,/;/p' "$source/harness/tune_log.c" | grep -oE '[a-z_]+[,\\]'
} | tr -cd 'a-z_\n' | sort -u >keys
while read -r key; do
    grep -qE "[\`\"]${key}[\`\"]" "$source/docs/formats.md" || die "docs/formats.md lacks $key"
done <keys
(($(wc -l <keys) > 40)) || die "only $(wc -l <keys) keys were found"

say 'the completion of bash completes'
# shellcheck disable=SC1091
source ./completion.bash
complete_words() {
    COMP_WORDS=("$@")
    COMP_CWORD=$(($# - 1))
    COMPREPLY=()
    _exakt
    printf '%s\n' "${COMPREPLY[@]}"
}
[[ $(complete_words exakt ver | sort | xargs) == "verify version" ]] || die 'commands'
[[ $(complete_words exakt fit --emp) == --empty ]] || die 'options'
[[ $(complete_words exakt fit --empty s) == split ]] || die 'words of an option'
[[ $(complete_words exakt bench --variants fused_h) == fused_hamerly ]] || die 'variants'
[[ -z $(complete_words exakt fit po) ]] || die 'a file is completed as something else'

say 'other shells accept theirs'
for shell in zsh fish; do
    if command -v "$shell" >/dev/null; then
        "$shell" -n "completion.$shell" || die "$shell"
    else
        say "skipped: $shell is not installed"
    fi
done

say 'the manual page has no warnings'
if command -v groff >/dev/null; then
    groff -ww -man -Tutf8 -P-cbou exakt.1 2>&1 >page | tee warnings
    [[ ! -s warnings ]] || die groff
    grep -q 'EXIT STATUS' page || die 'groff printed no page'
else
    say 'skipped: groff is not installed'
fi
if command -v mandoc >/dev/null; then
    mandoc -T lint -W warning exakt.1 | grep -v 'missing date' | tee warnings || true
    [[ ! -s warnings ]] || die mandoc
else
    say 'skipped: mandoc is not installed'
fi
say passed
