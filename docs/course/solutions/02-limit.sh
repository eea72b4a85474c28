# Bisection between 1 KiB and 4 MiB. Below the limit: one line with what is needed, exit code 5, and nothing was allocated.
low=1024 high=$((4 << 20))
fits() { exakt fit gen:uniform,n=2000,d=8 -k 16 --variant naive --max-iter 2 -t 1 -q --max-memory "$1" 2>out/limit.txt; }
while ((high - low > 64)); do
    middle=$(((low + high) / 2))
    if fits $middle; then high=$middle; else low=$middle; fi
done
echo "$high bytes are enough, $low are not"
status=0
fits $low || status=$?
cat out/limit.txt
[[ $status == 5 ]]
fits $high
