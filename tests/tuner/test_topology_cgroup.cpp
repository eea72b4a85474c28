/* CPU quotas, read from made-up /proc and /sys trees. */
#include "tests/catch.hpp"
#include "tuner/cgroup.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace {

class fake_root {
    std::filesystem::path path_;

  public:
    fake_root() {
        std::string name = (std::filesystem::temp_directory_path() / "exakt-cgroup-XXXXXX").string();
        REQUIRE(mkdtemp(name.data()) != nullptr);
        path_ = name;
    }
    ~fake_root() {
        std::filesystem::remove_all(path_);
    }
    fake_root(const fake_root &) = delete;
    fake_root &operator=(const fake_root &) = delete;

    void write(const std::string &name, const std::string &text) {
        std::filesystem::path file = path_ / name;
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file) << text;
    }
    double cpus() const {
        return exk_cgroup_cpus(path_.c_str());
    }
    double memory() const {
        return exk_cgroup_memory(path_.c_str());
    }
};

} // namespace

TEST_CASE("cgroup v2: the tightest quota on the way to the root counts", "[topology]") {
    fake_root root;
    root.write("proc/self/cgroup", "0::/slice/job\n");
    CHECK(root.cpus() == 0);
    root.write("sys/fs/cgroup/slice/job/cpu.max", "max 100000\n");
    CHECK(root.cpus() == 0);
    root.write("sys/fs/cgroup/slice/cpu.max", "250000 100000\n");
    CHECK(root.cpus() == 2.5);
    root.write("sys/fs/cgroup/slice/job/cpu.max", "150000 100000\n");
    CHECK(root.cpus() == 1.5);
    root.write("sys/fs/cgroup/cpu.max", "50000 100000\n");
    CHECK(root.cpus() == 0.5);
}

TEST_CASE("cgroup v1: quota and period of the cpu controller", "[topology]") {
    fake_root root;
    root.write("proc/self/cgroup", "4:memory:/m\n3:cpu,cpuacct:/docker/abc\n2:cpuset:/\n0::/\n");
    root.write("sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_quota_us", "-1\n");
    root.write("sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_period_us", "100000\n");
    root.write("sys/fs/cgroup/cpuset/cpu.cfs_quota_us", "1\n");
    root.write("sys/fs/cgroup/cpuset/cpu.cfs_period_us", "1\n");
    CHECK(root.cpus() == 0);
    root.write("sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_quota_us", "300000\n");
    CHECK(root.cpus() == 3);
}

TEST_CASE("cgroup v1 in a container that sees only its own group", "[topology]") {
    fake_root root;
    root.write("proc/self/cgroup", "3:cpu:/docker/abc\n");
    root.write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "200000\n");
    root.write("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
    CHECK(root.cpus() == 2);
}

TEST_CASE("cgroup files that are missing or damaged mean no limit", "[topology]") {
    fake_root root;
    CHECK(root.cpus() == 0);
    root.write("proc/self/cgroup", "nonsense\n0:\n::\n0::/" + std::string(5000, 'x') + "\n");
    CHECK(root.cpus() == 0);
    root.write("proc/self/cgroup", "0::/a\n");
    root.write("sys/fs/cgroup/a/cpu.max", "");
    CHECK(root.cpus() == 0);
    root.write("sys/fs/cgroup/a/cpu.max", "100000");
    CHECK(root.cpus() == 0);
    root.write("sys/fs/cgroup/a/cpu.max", "-5 0");
    CHECK(root.cpus() == 0);
}

TEST_CASE("memory limits are found like those of CPUs", "[topology]") {
    fake_root v2;
    CHECK(v2.memory() == 0);
    v2.write("proc/self/cgroup", "0::/slice/job\n");
    CHECK(v2.memory() == 0);
    v2.write("sys/fs/cgroup/slice/job/memory.max", "max\n");
    CHECK(v2.memory() == 0);
    v2.write("sys/fs/cgroup/slice/memory.max", "1073741824\n");
    CHECK(v2.memory() == 1073741824);
    v2.write("sys/fs/cgroup/slice/job/memory.max", "2147483648\n");
    CHECK(v2.memory() == 1073741824);
    CHECK(v2.cpus() == 0);
    fake_root v1;
    v1.write("proc/self/cgroup", "4:memory:/m\n3:cpu,cpuacct:/docker/abc\n0::/\n");
    v1.write("sys/fs/cgroup/memory/m/memory.limit_in_bytes", "536870912\n");
    v1.write("sys/fs/cgroup/cpu,cpuacct/docker/abc/memory.limit_in_bytes", "1\n");
    CHECK(v1.memory() == 536870912);
}
