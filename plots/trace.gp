# Share of the distances computed and time of every iteration, a curve for each variant of `exakt trace`.
# usage: gnuplot -c trace.gp TRACE.csv TRACE.png
set terminal pngcairo noenhanced size 1000,800 font "sans,11" background "white"
set output ARG2
set datafile separator comma columnheaders

stats ARG1 using (column("row")) nooutput
last = int(STATS_max)
short(name) = name eq "auto" ? name : strstrt(name, "_f32_") ? name[12:strlen(name)] : name[8:strlen(name)] # without assign_f32_ or assign_
name_of(r) = system(sprintf("awk -F, 'NR > 1 && $1 == %d { print $2; exit }' '%s'", r, ARG1))

set multiplot layout 2,1
set border 3
set xtics nomirror
set ytics nomirror
set grid ytics lc rgb "gray80"
set key outside right

set title "Distances computed, as a share of all n * k"
set yrange [0:1.05]
plot for [r = 0:last] ARG1 using (column("iteration")):(int(column("row")) == r ? column("share") : NaN) \
         with linespoints dashtype r + 1 pointtype r + 1 lc rgb "black" title short(name_of(r))

set title "Seconds of every iteration"
set xlabel "iteration"
set yrange [0:*]
plot for [r = 0:last] ARG1 using (column("iteration")):(int(column("row")) == r ? column("seconds") : NaN) \
         with linespoints dashtype r + 1 pointtype r + 1 lc rgb "black" title short(name_of(r))
