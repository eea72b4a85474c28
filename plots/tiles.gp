# Heat map of `exakt explain SHAPE --heat-map`: how much slower than the winner each measured pair of tiles is.
# usage: gnuplot -c tiles.gp TABLE.tsv PICTURE png|svg
# columns: variant,n,d,k,threads,x,y,point_tile,centroid_tile,slower_percent,mark
width = 900
height = 640
picture = ARG2
ending = ARG3
load ARG0[1:strlen(ARG0) - strlen("tiles.gp")]."style.gp"

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
# From white through grey: the darker, the slower.
set palette defined (0 "#ffffff", 3 "#e0e0e0", 10 "#b0b0b0", 20 "#707070", 30 "#303030")
unset grid
set xtics scale 0
set ytics scale 0
set style fill solid 1.0
set key outside top center horizontal samplen 2 height 0.5

plot ARG1 using (column("x")):(column("y")):(0.5):(0.5):(shown(column("slower_percent"))):xtic(strcol("point_tile")):ytic(strcol("centroid_tile")) \
         with boxxyerror lc palette notitle, \
     ARG1 using (marked("tie") ? column("x") : NaN):(column("y")) with points pt 4 ps 5.2 * mark lw 1 dt 3 lc rgb "black" title "tie", \
     ARG1 using (marked("seed") ? column("x") : NaN):(column("y")) with points pt 6 ps 5.2 * mark lw 2 lc rgb "black" title "seed (model)", \
     ARG1 using (marked("winner") ? column("x") : NaN):(column("y")) with points pt 4 ps 4.4 * mark lw 3 lc rgb "black" title "winner", \
     ARG1 using (column("x")):(column("y")):(cell(column("slower_percent"))):(column("slower_percent") > 12 ? 0xffffff : 0x000000) \
         with labels font small tc rgb variable notitle
