/* Loads the machines of this folder through hwloc's environment variables. */
#ifndef EXK_TESTS_RECORDED_HPP
#define EXK_TESTS_RECORDED_HPP

#include "tests/catch.hpp"
#include "tuner/topology.h"

#include <cstdlib>
#include <string>

/* An environment variable, for the life of this object. */
class environment {
    const char *name_;

  public:
    environment(const char *name, const std::string &value) : name_(name) {
        setenv(name, value.c_str(), 1);
    }
    ~environment() {
        unsetenv(name_);
    }
    environment(const environment &) = delete;
    environment &operator=(const environment &) = delete;
};

class loaded_topology {
    exk_topology topology_;

  public:
    exk_error error = {};
    exk_status status;

    loaded_topology() : status(exk_topology_load(&topology_, &error)) {}
    ~loaded_topology() {
        exk_topology_free(&topology_);
    }
    loaded_topology(const loaded_topology &) = delete;
    loaded_topology &operator=(const loaded_topology &) = delete;
    exk_topology *get() {
        return &topology_;
    }
    exk_topology *operator->() {
        return &topology_;
    }
};

class recorded_topology : environment, public loaded_topology {
  public:
    explicit recorded_topology(const std::string &file)
        : environment("HWLOC_XMLFILE", std::string(EXAKT_TESTS_DIR "/topologies/") + file) {}
};

/* False, with a warning, if this build cannot replay machines. */
inline bool topology_replay_works() {
#ifdef EXAKT_HAVE_HWLOC
    return true;
#else
    WARN("skipped: built without hwloc");
    return false;
#endif
}

#endif
