# What a search for tiles measured, sample by sample, and the fastest plan that it knew by then.
# usage: gnuplot -c tuner.gp TABLE.tsv PICTURE png|svg TITLE         columns: stage,spent,seconds,best,what
width = 1000
height = 600
picture = ARG2
ending = ARG3
load ARG0[1:strlen(ARG0) - strlen("tuner.gp")]."style.gp"

what = ""
stats ARG1 using (what = strcol("what"), 0) nooutput
set title ARG4.": ".what
set xlabel "seconds spent on measuring"
set ylabel "seconds of a pass"
set logscale y
stats ARG1 using (column("seconds")) nooutput
set yrange [STATS_min * 0.7:STATS_max * 1.4]
set key outside right top
at(stage) = strcol("stage") eq stage ? column("spent") : NaN
plot ARG1 using (at("arms")):(column("seconds")) with points pt 6 ps 0.9 * mark lc rgb "black" title "every variant once", \
     ARG1 using (at("near")):(column("seconds")) with points pt 2 ps 0.9 * mark lc rgb "black" title "neighbours contend", \
     ARG1 using (at("final")):(column("seconds")) with points pt 7 ps 0.7 * mark lc rgb "black" title "the fastest few", \
     ARG1 using (at("grid")):(column("seconds")) with points pt 1 ps 0.6 * mark lc rgb "gray60" title "grid", \
     ARG1 using (column("spent")):(column("best")) with steps lt 1 lw 2 title "fastest sample so far"
