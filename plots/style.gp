# What all pictures share. Before: width and height in pixels, the picture to write, its ending ("png" or "svg").
# Everything is told apart by dashes, marks and greys, so that it survives a printer without colours.
if (ending eq "svg") {
    set terminal svg noenhanced dynamic size width,height font "sans,13" background "white"
    small = ",11"
    mark = 0.6
} else {
    set terminal pngcairo noenhanced size width,height font "sans,11" background "white"
    small = ",9"
    mark = 1.0
}
# Marks of the same size in both, and text for crowded places.
set output picture
set datafile separator tab columnheaders
set datafile missing "NA"

set border 3 lw 1
set tics nomirror
set grid lc rgb "gray85" lw 1 dt 1
set key noautotitle samplen 4 Left reverse
set format "%g"

curves = 10
set linetype 1 lw 1.5 dt 1 lc rgb "black" pt 7 ps 0.8 * mark
set linetype 2 lw 1.5 dt 2 lc rgb "black" pt 6 ps 0.9 * mark
set linetype 3 lw 1.5 dt 4 lc rgb "black" pt 5 ps 0.8 * mark
set linetype 4 lw 1.5 dt 5 lc rgb "black" pt 4 ps 0.9 * mark
set linetype 5 lw 2.5 dt 1 lc rgb "gray60" pt 9 ps 1.0 * mark
set linetype 6 lw 2.5 dt 2 lc rgb "gray60" pt 8 ps 1.1 * mark
set linetype 7 lw 1.5 dt 3 lc rgb "black" pt 13 ps 1.0 * mark
set linetype 8 lw 2.5 dt 4 lc rgb "gray60" pt 12 ps 1.1 * mark
set linetype 9 lw 1.0 dt 1 lc rgb "black" pt 2 ps 0.9 * mark
set linetype 10 lw 1.0 dt 2 lc rgb "black" pt 1 ps 0.9 * mark
