# Column 11 is the stage: all variants have one short look (arms), plans near the best contend (near), the last ones are
# measured until their intervals are narrow (final).
export EXAKT_CACHE=$PWD/out/fresh
exakt tune 1000x24x32 --variants fused --budget 0.4 -t 1 -q
awk -F, 'NR > 1 { count[$11]++ } END { for (stage in count) print stage, count[stage] }' out/fresh/tune-*.csv | tee out/stages
grep -q arms out/stages
