# Roofs of this machine, and what the variants reach below them.
# usage: gnuplot -c roofline.gp TABLE.csv PICTURE png|svg TITLE              columns: what,label,x,y,label_y
# what = level: x GB/s; peak: y GFLOP/s; variant: x operations for each byte read from memory, y GFLOP/s
width = 1100
height = 820
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
left = P_max / L_max / 4
left = X_min / 4 < left ? X_min / 4 : left
right = X_max * 2.2
end = right * (right / left) ** 0.45

set title ARG4
set xlabel "operations for each byte that is read from memory"
set ylabel "GFLOP/s (distances that were computed)"
set logscale xy
set xrange [left:end]
set yrange [low / 2.5:top * 1.6]
unset key
# Roofs end where the widest multiply-adds do.
plot ARG1 using (is("level") ? left : NaN):(left * column("x") < P_max ? left * column("x") : P_max):(P_max / column("x") - left):(P_max - left * column("x")) \
         with vectors nohead lt 1 lw 2, \
     ARG1 using (is("level") ? sqrt(left * P_max / column("x")) : NaN):(sqrt(left * P_max / column("x")) * column("x")):(sprintf("%s, %.0f GB/s", strcol("label"), column("x"))) \
         with labels right offset -0.8,0.4 font ",10", \
     ARG1 using (is("peak") ? left : NaN):(column("y")):(right - left):(0) with vectors nohead lt 2, \
     ARG1 using (is("peak") ? left : NaN):(column("y")):(sprintf(" %s: %.0f", strcol("label"), column("y"))) \
         with labels left offset 0.3,0.5 font ",10", \
     ARG1 using (is("variant") ? column("x") : NaN):(column("y")):(right * 1.1 - column("x")):(column("label_y") - column("y")) \
         with vectors nohead lw 0.5 lc rgb "gray60", \
     ARG1 using (is("variant") ? column("x") : NaN):(column("y")) with points pt 7 ps 0.9 lc rgb "black", \
     ARG1 using (is("variant") ? right * 1.15 : NaN):(column("label_y")):(strcol("label")) with labels left font ",9"
