# k/2 operations a byte: the ridge is at k = 2 * rate of multiply-adds / rate of memory. The strongest instruction set is the
# last of "flops", memory the last of "levels".
. docs/course/value.sh
exakt ceilings --quick -t 1 --json out/c.json
tr -d ' \n\t' <out/c.json >out/flat.json
flops=$(grep -o '"flops":\[[^]]*' out/flat.json | grep -o '"median":[^,]*' | tail -n 1 | cut -d: -f2)
memory=$(grep -o '"name":"memory".*' out/flat.json | grep -o '"median":[^,]*' | head -n 1 | cut -d: -f2)
awk -v f="$flops" -v m="$memory" 'BEGIN { printf "%.0f GFLOP/s, %.1f GB/s: the ridge is at k = %.0f\n", f / 1e9, m / 1e9, 2 * f / m }'
holds "2 * $flops / $memory > 1"
