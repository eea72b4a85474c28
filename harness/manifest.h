/* Under which circumstances something was measured. */
#ifndef EXK_MANIFEST_H
#define EXK_MANIFEST_H

#include "harness/json.h"
#include "tuner/fingerprint.h"

/* Add the machine, the build and the command line to a JSON object. topology may be NULL. */
void manifest_add(json *node, const exk_topology *topology, const exk_fingerprint *machine);

/* main: the command line, for the manifest. */
void manifest_command_line(int argc, char **argv);

#endif
