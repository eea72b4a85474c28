# Bisection between 1 byte and 64 MiB. Below the limit: one line with what is needed, exit code 5, and nothing was allocated.
low=1 high=$((64 << 20))
fits() { exakt fit gen:uniform,n=2000,d=8 -k 16 --variant naive --max-iter 2 -t 1 -q --max-memory "$1" 2>out/limit.txt; }
while ((high - low > 1)); do
    middle=$(((low + high) / 2))
    if fits $middle; then high=$middle; else low=$middle; fi
done
echo "$high bytes are enough"
status=0
fits $low || status=$?
cat out/limit.txt
[[ $status == 5 ]]
fits $high
