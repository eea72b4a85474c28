#!/usr/bin/env bash
# Installs a build, moves it elsewhere, and uses it from outside: program, shared and static library, CMake package.
# check_install.sh BUILD SOURCE CMAKE GENERATOR CC CFLAGS
set -euo pipefail
readonly build=$1 source=$2 cmake=$3 generator=$4 cc=$5
read -r -a flags <<<"$6"

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
export EXAKT_CACHE=$root/cache

say() { printf '%s\n' "$*"; }
die() {
    say "FAILED: $*"
    exit 1
}

"$cmake" --install "$build" --prefix "$root/first" >"$root/install.log" || { cat "$root/install.log"; die install; }
mv "$root/first" "$root/moved"
readonly moved=$root/moved
library=$(dirname "$(find "$moved" -name libexakt.a)")
export LD_LIBRARY_PATH=$library PKG_CONFIG_PATH=$library/pkgconfig
cd "$root"

say 'what the shared library exports is what the header declares'
# But for what the compiler adds: names of sanitizers, locks of OpenMP.
nm -D --defined-only "$library/libexakt.so" | sed -n 's/.* [A-Z] //p' | grep -v '^__\|^\.gomp_' | sort >exported
grep -oE '\bexk_[a-z0-9_]+\(' "$moved/include/exakt.h" | tr -d '(' | sort -u >declared
[[ -s declared ]] || die 'no function was found in exakt.h'
diff declared exported || die 'they differ: < declared, > exported'
[[ $(objdump -p "$library/libexakt.so" | sed -n 's/ *SONAME *//p') == libexakt.so.0.1 ]] || die soname

say 'shared, by pkg-config'
if command -v pkg-config >/dev/null; then
    # shellcheck disable=SC2046  # words
    "$cc" "${flags[@]}" "$source/tests/install/outside.c" $(pkg-config --cflags --libs exakt) -o shared
    grep -q "$library/libexakt.so.0.1" <<<"$(ldd shared)" || die 'the program does not take the shared library'
    ./shared
    say 'static, by pkg-config'
    # shellcheck disable=SC2046
    "$cc" "${flags[@]}" "$source/tests/install/outside.c" \
        $(pkg-config --static --cflags --libs exakt | sed 's/-lexakt/-l:libexakt.a/') -o static
    ! grep -q libexakt <<<"$(ldd static)" || die 'the program takes the shared library'
    ./static
else
    say 'skipped: pkg-config is not installed'
fi

say 'shared and static, by the CMake package'
"$cmake" -S "$source/tests/install/project" -B project -G "$generator" -DCMAKE_C_COMPILER="$cc" \
    -DCMAKE_C_FLAGS="${flags[*]}" -DCMAKE_PREFIX_PATH="$moved" >project.log || { cat project.log; die configure; }
"$cmake" --build project >project.log || { cat project.log; die build; }
for program in with_exakt with_exakt_static; do
    "project/$program"
done

say 'the installed program finds its own files'
for script in "$moved"/share/exakt/plots/*.gp; do
    printf 'set print ARG2\nprint "the installed script"\n' >"$script"
done
if command -v gnuplot >/dev/null; then
    "$moved/bin/exakt" trace gen:blobs,n=200,d=2,k=3 -k 3 --csv t.csv --plot t.png --variants fused -q
    grep -q 'the installed script' t.png || die 'another script was taken'
else
    say 'skipped: gnuplot is not installed'
fi
cat >python <<'SCRIPT'
#!/bin/sh
echo "$1" >>driver
exit 1
SCRIPT
chmod +x python
"$moved/bin/exakt" compare gen:blobs,n=200,d=2,k=3 -k 3 --with sklearn-lloyd --python ./python -q 2>/dev/null || true
[[ $(readlink -f "$(head -n 1 driver)") == "$(readlink -f "$moved/share/exakt/harness/rivals/rivals.py")" ]] ||
    die "the driver was taken from $(head -n 1 driver)"

say 'manual page and completion are there'
"$moved/bin/exakt" man | cmp - "$moved/share/man/man1/exakt.1"
"$moved/bin/exakt" completion bash | cmp - "$moved/share/bash-completion/completions/exakt"

say 'the Debian package has it all'
if command -v cpack >/dev/null && command -v dpkg-deb >/dev/null && command -v dpkg-shlibdeps >/dev/null; then
    (cd "$build" && cpack -G DEB -B "$root/packages") >package.log 2>&1 || { cat package.log; die cpack; }
    dpkg-deb -x "$root"/packages/exakt_*.deb unpacked
    unpacked/usr/bin/exakt version >/dev/null
    packaged=unpacked${library#"$moved"}
    mv unpacked/usr/* unpacked
    for file in include/exakt.h "${packaged#unpacked/}"/libexakt.{so.0.1,a} share/man/man1/exakt.1 share/doc/exakt/copyright \
        share/exakt/harness/rivals/rivals.py; do
        [[ -r unpacked/$file ]] || die "the package lacks $file"
    done
    "$cc" "${flags[@]}" -Iunpacked/include "$source/tests/install/outside.c" "$packaged/libexakt.so" \
        -o with_package
    LD_LIBRARY_PATH=$packaged ./with_package
else
    say 'skipped: cpack or dpkg is not installed'
fi
say passed
