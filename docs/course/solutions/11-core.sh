# The kernel of OpenBLAS adds in another order, so its scores have other bits; the labels are proven either way.
. docs/course/value.sh
exakt version | grep OpenBLAS
for core in Prescott ""; do
    ${core:+env OPENBLAS_CORETYPE=$core} exakt fit gen:embed,n=2000,d=64 -k 50 --variant blas --max-iter 5 --tol 0 -t 1 -q --json out/r.json ||
        { echo "no OpenBLAS here"; exit 0; }
    echo "$(value openblas_core out/r.json): $(value labels_hash out/r.json)"
    value labels_hash out/r.json >>out/hashes
done
[[ $(sort -u out/hashes | wc -l) == 1 ]]
