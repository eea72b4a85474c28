# Horizontal bars with intervals, in groups under their heads.
# usage: gnuplot -c bars.gp TABLE.tsv PICTURE png|svg TITLE AXIS linear|log    columns: label,value,low,high,text,head
set datafile separator tab columnheaders
set datafile missing "NA"
stats ARG1 using (column("head")) nooutput
rows = STATS_records
stats ARG1 using (column("high")) nooutput
least = STATS_min
most = STATS_max
stats ARG1 using (column("value")) nooutput
least = STATS_min < least ? STATS_min : least

width = 1000
height = 110 + 21 * rows
picture = ARG2
ending = ARG3
load ARG0[1:strlen(ARG0) - strlen("bars.gp")]."style.gp"

is_log = ARG6 eq "log"
if (is_log) {
    set logscale x
    from = 10 ** floor(log10(least) - 0.2)
    set xrange [from:most * (most / from) ** 0.25]
} else {
    from = 0
    set xrange [0:most * 1.28]
}
set title ARG4
set xlabel ARG5
set yrange [rows - 0.4:-0.6]
set ytics scale 0
set grid noytics xtics
set style fill solid 1.0 border lc rgb "black"
unset key

# A box from `from` to the value; heads have neither box nor label on the axis.
is_head(h) = h > 0
label(h, text) = is_head(h) ? "" : text
plot ARG1 using (column("value")):0:(from):(column("value")):($0 - 0.36):($0 + 0.36):ytic(label(column("head"), strcol("label"))) \
         with boxxyerror lc rgb "gray70", \
     ARG1 using (column("high") > column("low") ? column("value") : NaN):0:(column("low")):(column("high")) \
         with xerrorbars lt 1 pt 0 ps 0 lw 1.5, \
     ARG1 using (column("high")):0:(strcol("text")) with labels left offset 1,0, \
     ARG1 using (is_head(column("head")) ? from : NaN):0:(strcol("label")) with labels left offset 0.3,-0.1
