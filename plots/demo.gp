# Effective GFLOP/s of every variant of `exakt demo`, with the speedup over naive scalar code behind each bar.
# usage: gnuplot -c demo.gp DEMO.csv DEMO.png
set terminal pngcairo noenhanced size 1000,560 font "sans,11" background "white"
set output ARG2
set datafile separator comma columnheaders

stats ARG1 using (column("effective_gflops")) nooutput
rows = STATS_records
top = STATS_max
short(name) = strstrt(name, "_f32_") ? name[12:strlen(name)] : name[8:strlen(name)] # without assign_f32_ or assign_
text(gflops, speedup) = sprintf("%.1f  (%.1fx)", gflops, speedup)

set title "Exact k-means: the same bits, at different speeds"
set xlabel "effective GFLOP/s, 2nkd for every pass (in brackets: speedup over naive scalar code)"
set xrange [0:top * 1.2]
set yrange [rows - 0.4:-0.6]
set border 3
set xtics nomirror
set ytics nomirror scale 0
set grid xtics lc rgb "gray80"
set style fill solid 1.0 border lc rgb "black"
unset key

plot ARG1 using (column("effective_gflops") / 2):0:(column("effective_gflops") / 2):(0.36):ytic(short(strcol("variant"))) \
         with boxxyerror lc rgb "gray60", \
     ARG1 using (column("effective_gflops")):0:(text(column("effective_gflops"), column("speedup"))) \
         with labels left offset 0.6,0
