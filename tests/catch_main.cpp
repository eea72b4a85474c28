// The main function of Catch2 version 2, where no library has it.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
