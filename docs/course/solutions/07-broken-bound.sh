# The variant says that its second smallest score is larger than it is. Then points are certified that should have been
# looked at again, and some of their labels are wrong. verify finds one, makes the case as small as it can, and prints the
# command that replays it. Exit code 1.
[[ -x build/release/exakt_broken ]] || { echo "built without tests"; exit 0; }
status=0
build/release/exakt_broken verify --quick --variants assign_f32_broken_bound__scalar >out/report.txt 2>&1 || status=$?
head -n 30 out/report.txt
[[ $status == 1 ]]
grep -q FAIL out/report.txt
