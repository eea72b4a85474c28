# Roofs of this machine, and what the variants reach below them.
# usage: gnuplot -c roofline.gp TABLE.tsv PICTURE png|svg TITLE              columns: what,label,x,y,label_y
# what = level: x GB/s; peak: y GFLOP/s; variant: x operations for each byte read from memory, y GFLOP/s
width = 1100
height = 820
picture = ARG2
ending = ARG3
load ARG0[1:strlen(ARG0) - strlen("roofline.gp")]."style.gp"

is(what) = strcol("what") eq what
stats ARG1 using (is("peak") ? column("y") : NaN) name "P" nooutput
stats ARG1 using (is("level") ? column("x") : NaN) name "L" nooutput
stats ARG1 using (is("variant") ? column("x") : NaN) name "X" nooutput
stats ARG1 using (is("variant") ? column("y") : NaN) name "Y" nooutput
stats ARG1 using (is("variant") ? column("label_y") : NaN) name "N" nooutput

top = P_max > N_max ? P_max : N_max
low = Y_min < P_min ? Y_min : P_min
# From where memory still binds to well right of the variants, where their names stand.
left = P_max / L_max / 10
left = X_min / 4 < left ? X_min / 4 : left
right = X_max * 2.2
end = right * (right / left) ** 0.45
bottom = low / 2.5
ceiling = top * 1.6

set title ARG4
set xlabel "operations for each byte that is read from memory"
set ylabel "GFLOP/s (distances that were computed)"
set logscale xy
set xrange [left:end]
set yrange [bottom:ceiling]
unset key
set style textbox opaque noborder fillcolor rgb "white" margins 0.5,0.5

# The angle of the roofs on paper, whose margins take about 90 and 110 pixels.
slope = atan2((height - 110) / log10(ceiling / bottom), (width - 90) / log10(end / left)) / pi * 180
# Roofs end where the widest multiply-adds do; their names stand above them.
meets(rate) = left * rate < P_max ? left * rate : P_max
plot ARG1 using (is("level") ? left : NaN):(meets(column("x"))):(P_max / column("x") - left):(P_max - meets(column("x"))) \
         with vectors nohead lt 1 lw 2, \
     ARG1 using (is("level") ? P_max / 2.6 / column("x") : NaN):(P_max / 2.6):(sprintf("%s, %.0f GB/s", strcol("label"), column("x"))) \
         with labels right rotate by slope offset -1.4,0.3 font small, \
     ARG1 using (is("peak") ? left : NaN):(column("y")):(right - left):(0) with vectors nohead lt 2, \
     ARG1 using (is("peak") ? left : NaN):(column("y")):(sprintf("%s: %.0f GFLOP/s", strcol("label"), column("y"))) \
         with labels left boxed offset 0.8,0 font small, \
     ARG1 using (is("variant") ? column("x") : NaN):(column("y")):(right * 1.1 - column("x")):(column("label_y") - column("y")) \
         with vectors nohead lw 0.5 lc rgb "gray60", \
     ARG1 using (is("variant") ? column("x") : NaN):(column("y")) with points pt 7 ps 0.9 * mark lc rgb "black", \
     ARG1 using (is("variant") ? right * 1.15 : NaN):(column("label_y")):(strcol("label")) with labels left font small
