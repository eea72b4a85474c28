# Speedup over the fewest threads, a curve for each variant, beside one that uses every thread to the full.
# usage: gnuplot -c scaling.gp TABLE.tsv PICTURE png|svg TITLE       columns: series,label,threads,speedup,low,high
width = 900
height = 600
picture = ARG2
ending = ARG3
load ARG0[1:strlen(ARG0) - strlen("scaling.gp")]."style.gp"

stats ARG1 using (column("threads")) name "T" nooutput
stats ARG1 using (column("series")) nooutput
last = int(STATS_max)
array name[last + 1]
do for [s = 0:last] {
    found = ""
    stats ARG1 using (int(column("series")) == s ? (found = strcol("label"), 1) : NaN) nooutput
    name[s + 1] = found
}

set title ARG4
set xlabel "threads"
set ylabel "times as fast as one thread would be"
set xrange [T_min - 0.2:T_max + 0.2]
set yrange [0:*]
set xtics 1
if (T_max > 16) { set xtics auto }
set key outside right top
# Intervals side by side instead of one over the other.
beside(threads, s) = threads + (s - last / 2.0) * 0.012 * (T_max - T_min)
plot x with lines lw 1 dt 3 lc rgb "gray40" title "every thread to the full", \
     for [s = 0:last] ARG1 using (int(column("series")) == s ? beside(column("threads"), s) : NaN):(column("speedup")):(column("low")):(column("high")) \
         with yerrorbars lt 1 lw 0.7 pt 0 ps 0 notitle, \
     for [s = 0:last] ARG1 using (int(column("series")) == s ? beside(column("threads"), s) : NaN):(column("speedup")) \
         with linespoints lt s % curves + 1 title name[s + 1]
