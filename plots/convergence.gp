# How far above the lowest inertia known each variant is after so many seconds, and where other libraries end.
# usage: gnuplot -c convergence.gp TABLE.tsv PICTURE png|svg TITLE       columns: series,label,seconds,excess
# Series -1 are points without a curve.
width = 1000
height = 640
picture = ARG2
ending = ARG3
load ARG0[1:strlen(ARG0) - strlen("convergence.gp")]."style.gp"

stats ARG1 using (column("series")) nooutput
last = int(STATS_max)
array name[last + 2]
do for [s = 0:last] {
    found = ""
    stats ARG1 using (int(column("series")) == s ? (found = strcol("label"), 1) : NaN) nooutput
    name[s + 1] = found
}
stats ARG1 using (column("seconds")) name "S" nooutput
stats ARG1 using (column("excess")) name "E" nooutput

set title ARG4
set xlabel "seconds"
set ylabel "% above the lowest inertia"
set logscale xy
set xrange [S_min / 1.3:S_max * 4]
set yrange [E_min / 2:E_max * 2]
if (E_min <= 1e-6) { set ytics add ("lowest" 1e-6) }
set key outside right top
plot for [s = 0:last] ARG1 using (int(column("series")) == s ? column("seconds") : NaN):(column("excess")) \
         with linespoints lt s % curves + 1 ps 0.5 * mark title name[s + 1], \
     ARG1 using (int(column("series")) < 0 ? column("seconds") : NaN):(column("excess")) \
         with points pt 3 ps 1.6 * mark lw 1.5 lc rgb "black", \
     ARG1 using (int(column("series")) < 0 ? column("seconds") : NaN):(column("excess")):(strcol("label")) \
         with labels left rotate by 30 offset 0.8,0.5 font small
