# Curves of a table: the first column against each of the others, named by the header line.
# usage: gnuplot -c lines.gp TABLE.csv PICTURE.png TITLE XLABEL YLABEL [LOG]; LOG: x, y or xy
set terminal pngcairo noenhanced size 720,360 font "sans,10" background "white"
set output ARG2
set datafile separator comma columnheaders
set title ARG3
set xlabel ARG4
set ylabel ARG5
set border 3
set xtics nomirror
set ytics nomirror
set grid ytics lc rgb "gray80"
set key outside right
if (ARGC > 5) { set logscale @ARG6 }
if (ARGC < 6 || ARG6 eq "x") { set yrange [0:*] }
stats ARG1 nooutput
plot for [c = 2:STATS_columns] ARG1 using 1:c with linespoints dashtype c - 1 pointtype c - 1 lc rgb "black" \
     title columnheader(c)
