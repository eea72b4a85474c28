/* A program of somebody else: it knows the installed header and library alone. */
#include <exakt.h>

#include <stdio.h>

int main(void) {
    static const float x[] = {0, 0, 0, 1, 9, 9, 9, 8};
    const exk_points points = {.x = x, .n = 4, .d = 2, .stride = 2};
    exk_result *result;
    exk_error error;
    if (exk_fit(&points, 2, NULL, &result, &error) != EXK_OK) {
        fprintf(stderr, "%s\n", error.message);
        return 1;
    }
    const int32_t *label = exk_result_labels(result);
    const int right = label[0] == label[1] && label[2] == label[3] && label[0] != label[2];
    printf("inertia %g\n", exk_result_inertia(result));
    exk_result_free(result);
    return right ? 0 : 1;
}
