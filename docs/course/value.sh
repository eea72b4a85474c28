# value KEY FILE...: the first value of a key in records that `exakt --json` wrote. For `. docs/course/value.sh`.
value() {
    local key=$1
    shift
    grep -oh -m 1 "\"$key\":[^,}]*" "$@" | sed 's/^[^:]*:[[:space:]]*//; s/"//g'
}
# holds EXPRESSION: whether awk finds it true; the solutions end with it.
holds() { awk "BEGIN { exit !($1) }" && echo "holds: $1"; }
