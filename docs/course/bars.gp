# A bar for each row of a table: name,value; behind it how many times the first value it is.
# usage: gnuplot -c bars.gp TABLE.csv PICTURE.png TITLE XLABEL
set terminal pngcairo noenhanced size 720,360 font "sans,10" background "white"
set output ARG2
set datafile separator comma columnheaders
stats ARG1 using 2 every ::0::0 name "FIRST" nooutput
stats ARG1 using 2 nooutput
set title ARG3
set xlabel ARG4
set xrange [0:STATS_max * 1.2]
set yrange [STATS_records - 0.4:-0.6]
set border 3
set xtics nomirror
set ytics nomirror scale 0
set style fill solid 1.0 border lc rgb "black"
unset key
plot ARG1 using ($2 / 2):0:($2 / 2):(0.36):ytic(1) with boxxyerror lc rgb "gray60", \
     ARG1 using 2:0:(sprintf("%.1f  (%.1fx)", $2, $2 / FIRST_max)) with labels left offset 0.6,0
