# 2kd operations for 4d bytes of the point and 8k of the scores, written and read: 2kd / (4d + 8k). For large k that is d/4,
# however large k is: at d = 16, 4 operations a byte, below the ridge of most machines.
for k in 16 256 4096 65536; do
    awk -v k=$k -v d=16 'BEGIN { printf "k = %d: %.2f operations a byte, without the matrix %.0f\n", k, 2*k*d / (4*d + 8*k), k / 2 }'
done
. docs/course/value.sh
holds "2 * 65536 * 16 / (4 * 16 + 8 * 65536) < 16 / 4"
