# In 2 dimensions one bound for each point skips nearly as much as many, in 128 it skips little: the nearest centroid and the
# second are about equally far, and the one bound is that of the second.
passes() {
    exakt trace "$1" -k 64 --max-iter 15 --tol 0 -t 1 -q --csv out/t.csv
    awk -F, -v OFS='\t' 'NR > 1 { sum[$2] += $6 } END { for (name in sum) print name, sum[name] }' out/t.csv | sort
}
echo "2 dimensions, passes computed:"
passes gen:uniform,n=3000,d=2 | tee out/low
echo "128 dimensions:"
passes gen:embed,n=3000,d=128 | tee out/high
of() { awk -v name="$1" '$1 ~ name { print $2 }' "$2"; }
. docs/course/value.sh
holds "$(of fused_elkan out/high) < $(of fused_yinyang out/high)"
holds "$(of fused_yinyang out/high) < $(of fused_hamerly out/high)"
holds "$(of fused_hamerly out/low) < $(of fused_hamerly out/high)"
