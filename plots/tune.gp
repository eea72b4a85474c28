# Heat map of `exakt explain SHAPE --heat-map`: how much slower than the winner each measured pair of tiles is.
# usage: gnuplot -c tune.gp MAP.csv MAP.png
set terminal pngcairo noenhanced size 900,640 font "sans,11" background "white"
set output ARG2
set datafile separator comma columnheaders

stats ARG1 using (column("x")) name "X" nooutput
stats ARG1 using (column("y")) name "Y" nooutput
title_of(variant, n, d, k, threads) = sprintf("%s, %d x %d, k = %d, %d thread%s", variant, n, d, k, threads, \
                                              threads == 1 ? "" : "s")
heading = ""
stats ARG1 using (heading = title_of(strcol("variant"), column("n"), column("d"), column("k"), column("threads")), 0) \
      nooutput
cell(slower) = sprintf("%.1f", slower)
# Slower than this looks all alike: what matters is near the winner.
most = 30
shown(slower) = slower < 0 ? 0 : slower > most ? most : slower
marked(what) = strstrt(strcol("mark"), what) > 0

set title heading."\n% slower than the winner (the fastest depth tile of each pair)"
set xlabel "tile of points"
set ylabel "tile of centroids"
set cblabel "% slower, cut at 30"
set xrange [X_min - 0.6:X_max + 0.6]
set yrange [Y_min - 0.6:Y_max + 0.6]
set cbrange [0:most]
set palette defined (0 "#ffffe5", 1 "#c7e9b4", 4 "#7fcdbb", 10 "#41b6c4", 20 "#2c7fb8", 30 "#253494")
set border 3
set xtics nomirror scale 0 rotate by -45
set ytics nomirror scale 0
set style fill solid 1.0
set key outside bottom center horizontal samplen 2

plot ARG1 using (column("x")):(column("y")):(0.5):(0.5):(shown(column("slower_percent"))):xtic(strcol("point_tile")):ytic(strcol("centroid_tile")) \
         with boxxyerror lc palette notitle, \
     ARG1 using (marked("tie") ? column("x") : NaN):(column("y")) with points pt 4 ps 5.4 lw 2 lc rgb "#fd8d3c" title "tie", \
     ARG1 using (marked("seed") ? column("x") : NaN):(column("y")) with points pt 4 ps 5.4 lw 3 lc rgb "black" title "seed (model)", \
     ARG1 using (marked("winner") ? column("x") : NaN):(column("y")) with points pt 4 ps 4.4 lw 3 lc rgb "#e31a1c" title "winner", \
     ARG1 using (column("x")):(column("y")):(cell(column("slower_percent"))):(column("slower_percent") > 8 ? 0xffffff : 0x000000) \
         with labels font "sans,8" tc rgb variable notitle
