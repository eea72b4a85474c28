# Turns the rows of variants.inc and isa.inc into object files and into the generated header that tells
# kernels/registry.c which rows are in this build. One row, one compilation of its source.

# The architecture of the target, in the words of isa.inc.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
    set(EXAKT_ARCH x86_64)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
    set(EXAKT_ARCH aarch64)
else()
    set(EXAKT_ARCH other)
endif()

# Set EXAKT_ISA_<name>_BUILT, _BASE and _FLAGS for every row of isa.inc.
set(isa_inc ${PROJECT_SOURCE_DIR}/kernels/isa.inc)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${isa_inc})
file(STRINGS ${isa_inc} isa_rows REGEX "^EXK_ISA\\(")
foreach(row IN LISTS isa_rows)
    string(REGEX MATCH "^EXK_ISA\\(([a-z0-9]+), *([a-z0-9_]+), *[0-9]+, *([a-z0-9]+), *\"([^\"]*)\"\\)" _ "${row}")
    set(isa ${CMAKE_MATCH_1})
    set(arch ${CMAKE_MATCH_2})
    set(EXAKT_ISA_${isa}_BASE ${CMAKE_MATCH_3})
    separate_arguments(features UNIX_COMMAND "${CMAKE_MATCH_4}")
    set(EXAKT_ISA_${isa}_FLAGS "")
    if(arch STREQUAL x86_64)
        list(TRANSFORM features PREPEND "-m" OUTPUT_VARIABLE EXAKT_ISA_${isa}_FLAGS)
    endif()
    if(arch STREQUAL any OR arch STREQUAL EXAKT_ARCH)
        set(EXAKT_ISA_${isa}_BUILT TRUE)
        if(EXAKT_ISA_${isa}_BASE STREQUAL isa)
            list(APPEND EXAKT_ISAS ${isa})
        endif()
    endif()
endforeach()
# "scalar" means scalar: the compiler must not vectorise it behind our back.
set(EXAKT_ISA_scalar_FLAGS -fno-tree-vectorize -fno-tree-slp-vectorize)

<<<<<<< HEAD
# exakt_add_per_isa(target source...): compile each source once for every base ISA in this build. NAME.c defines a table of
=======
# exakt_add_object(object source flags definition...): unless another library has compiled it already.
function(exakt_add_object object source flags)
    if(TARGET ${object})
        return()
    endif()
    add_library(${object} OBJECT ${source})
    target_compile_definitions(${object} PRIVATE ${ARGN})
    # gcc takes minutes to follow every variable of an unrolled kernel for the debugger.
    target_compile_options(${object} PRIVATE ${flags} $<$<C_COMPILER_ID:GNU>:-fno-var-tracking>)
    target_link_libraries(${object} PRIVATE exakt_flags)
    set_target_properties(${object} PROPERTIES POSITION_INDEPENDENT_CODE ON)
endfunction()

# exakt_add_per_isa(target source...): compile each source once for every ISA in this build. NAME.c defines a table of
>>>>>>> main
# functions under the symbol EXK_NAME; isas.inc lists for every ISA the tables, in the order of the sources.
function(exakt_add_per_isa target)
    set(generated ${CMAKE_CURRENT_BINARY_DIR}/${target}_rows)
    set(built "")
    foreach(isa IN LISTS EXAKT_ISAS)
        set(row ${isa})
        foreach(source IN LISTS ARGN)
            cmake_path(GET source STEM name)
            string(TOUPPER ${name} macro)
            set(object exakt_${name}__${isa})
            exakt_add_object(${object} ${source} "${EXAKT_ISA_${isa}_FLAGS}"
                EXK_${macro}=exk_${name}__${isa} EXK_VEC_HEADER="kernels/vec/vec_${isa}.h"
                EXK_FIXED_HEADER="kernels/vec/fixed_${isa}.h" EXK_WIDE_HEADER="kernels/vec/wide_${isa}.h")
            target_sources(${target} PRIVATE $<TARGET_OBJECTS:${object}>)
            string(APPEND row ", exk_${name}__${isa}")
        endforeach()
        string(APPEND built "EXK_ISA_BUILT(${row})\n")
    endforeach()
    file(CONFIGURE OUTPUT ${generated}/isas.inc CONTENT "${built}")
endfunction()

# exakt_add_variants(target rows-file...): compile every row of the files that this build can hold into target, and
# generate the headers rows.inc (all rows) and built.inc (rows in this build) that its registry.c includes.
function(exakt_add_variants target)
    set(generated ${CMAKE_CURRENT_BINARY_DIR}/${target}_rows)
    set(includes "")
    set(built "")
    foreach(rows_file IN LISTS ARGN)
        cmake_path(ABSOLUTE_PATH rows_file NORMALIZE)
        cmake_path(GET rows_file PARENT_PATH folder)
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${rows_file})
        string(APPEND includes "#include \"${rows_file}\"\n")
        file(STRINGS ${rows_file} rows REGEX "^EXK_VARIANT\\(")
        foreach(row IN LISTS rows)
            if(NOT row MATCHES "^EXK_VARIANT\\(([a-z0-9_]+), *([a-z0-9_]+), *([a-z0-9]+), *([a-z0-9_/.]+), *([0-9]+), *([0-9]+),")
                message(FATAL_ERROR "${rows_file}: cannot read the row\n  ${row}")
            endif()
            set(name ${CMAKE_MATCH_1})
            set(strategy ${CMAKE_MATCH_2})
            set(isa ${CMAKE_MATCH_3})
            set(source ${folder}/${CMAKE_MATCH_4})
            set(mr ${CMAKE_MATCH_5})
            set(nv ${CMAKE_MATCH_6})
            if(NOT EXAKT_ISA_${isa}_BUILT OR (strategy STREQUAL blas AND NOT EXAKT_HAVE_OPENBLAS))
                continue()
            endif()
<<<<<<< HEAD
            set(object ${target}_${name})
            add_library(${object} OBJECT ${source})
            target_compile_definitions(${object} PRIVATE
                EXK_KERNEL=${name} EXK_MR=${mr} EXK_NV=${nv}
                EXK_VEC_HEADER="kernels/vec/vec_${EXAKT_ISA_${isa}_BASE}.h"
                EXK_DOT_HEADER="kernels/vec/dot_${isa}.h")
            # gcc takes minutes to follow every variable of an unrolled kernel for the debugger.
            target_compile_options(${object} PRIVATE ${EXAKT_ISA_${isa}_FLAGS}
                $<$<C_COMPILER_ID:GNU>:-fno-var-tracking>)
            target_link_libraries(${object} PRIVATE exakt_flags)
            set_target_properties(${object} PROPERTIES POSITION_INDEPENDENT_CODE ON)
=======
            set(object exakt_${name})
            exakt_add_object(${object} ${source} "${EXAKT_ISA_${isa}_FLAGS}"
                EXK_KERNEL=${name} EXK_MR=${mr} EXK_NV=${nv} EXK_VEC_HEADER="kernels/vec/vec_${isa}.h")
>>>>>>> main
            if(strategy STREQUAL blas)
                exakt_use(${object} OPENBLAS)
            endif()
            target_sources(${target} PRIVATE $<TARGET_OBJECTS:${object}>)
            string(APPEND built "EXK_BUILT(${name})\n")
        endforeach()
    endforeach()
    file(CONFIGURE OUTPUT ${generated}/rows.inc CONTENT "${includes}")
    file(CONFIGURE OUTPUT ${generated}/built.inc CONTENT "${built}")
    target_include_directories(${target} PRIVATE ${generated})
    if(EXAKT_HAVE_OPENBLAS)
        target_link_libraries(${target} PUBLIC exakt::OPENBLAS)
    endif()
endfunction()
