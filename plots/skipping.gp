# Share of the distances computed and time of every iteration, a curve for each variant of `exakt trace`.
# usage: gnuplot -c skipping.gp TABLE.tsv PICTURE png|svg         columns: series,label,iteration,share,seconds
width = 1000
height = 760
picture = ARG2
ending = ARG3
load ARG0[1:strlen(ARG0) - strlen("skipping.gp")]."style.gp"

stats ARG1 using (column("series")) nooutput
last = int(STATS_max)
array name[last + 1]
do for [s = 0:last] {
    found = ""
    stats ARG1 using (int(column("series")) == s ? (found = strcol("label"), 1) : NaN) nooutput
    name[s + 1] = found
}

set multiplot layout 2,1
set key outside right top
set xlabel "iteration"

set title "Distances computed, as a share of all n * k"
set yrange [0:1.05]
plot for [s = 0:last] ARG1 using (int(column("series")) == s ? column("iteration") : NaN):(column("share")) \
         with linespoints lt s % curves + 1 title name[s + 1]

set title "Seconds of every iteration"
set yrange [0:*]
plot for [s = 0:last] ARG1 using (int(column("series")) == s ? column("iteration") : NaN):(column("seconds")) \
         with linespoints lt s % curves + 1 title name[s + 1]
unset multiplot
