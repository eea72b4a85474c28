# What `cmake --install` puts where, and the Debian package that `cpack -G DEB` makes of it.
include(CMakePackageConfigHelpers)

install(TARGETS exakt_cli RUNTIME)
set_target_properties(exakt PROPERTIES EXPORT_NAME exakt_static)
set_target_properties(exakt_shared PROPERTIES EXPORT_NAME exakt)
install(TARGETS exakt exakt_shared EXPORT exakt LIBRARY ARCHIVE)
install(FILES include/exakt.h TYPE INCLUDE)

# What the program reads while it runs (harness/shared_files.c) lies in share/exakt as it does in the source.
install(DIRECTORY plots DESTINATION ${CMAKE_INSTALL_DATADIR}/exakt)
install(DIRECTORY harness DESTINATION ${CMAKE_INSTALL_DATADIR}/exakt
    FILES_MATCHING PATTERN "*.py" PATTERN "*.csv" PATTERN __pycache__ EXCLUDE)

# The manual page and the completions are written by the program itself, from the tables that --help shows.
set(reference ${PROJECT_BINARY_DIR}/reference)
set(reference_files ${reference}/exakt.1 ${reference}/exakt.bash ${reference}/_exakt ${reference}/exakt.fish)
add_custom_command(OUTPUT ${reference_files} DEPENDS exakt_cli VERBATIM
    COMMAND ${CMAKE_COMMAND} -E make_directory ${reference}
    COMMAND exakt_cli man > ${reference}/exakt.1
    COMMAND exakt_cli completion bash > ${reference}/exakt.bash
    COMMAND exakt_cli completion zsh > ${reference}/_exakt
    COMMAND exakt_cli completion fish > ${reference}/exakt.fish)
add_custom_target(exakt_reference ALL DEPENDS ${reference_files})
install(FILES ${reference}/exakt.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${reference}/exakt.bash RENAME exakt
    DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${reference}/_exakt DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
install(FILES ${reference}/exakt.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)

# For find_package(exakt): the targets exakt::exakt (shared) and exakt::exakt_static.
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/exakt)
install(EXPORT exakt NAMESPACE exakt:: DESTINATION ${package} FILE exakt-targets.cmake)
configure_package_config_file(cmake/exakt-config.cmake.in ${PROJECT_BINARY_DIR}/exakt-config.cmake
    INSTALL_DESTINATION ${package})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/exakt-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/exakt-config.cmake ${PROJECT_BINARY_DIR}/exakt-config-version.cmake
    DESTINATION ${package})

# For pkg-config, with paths from where the file lies, so that an installed tree may be moved.
file(RELATIVE_PATH EXAKT_PREFIX_FROM_PC ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
list(JOIN EXAKT_OPENBLAS_LINK " " EXAKT_OPENBLAS_FLAGS)
configure_file(cmake/exakt.pc.in ${PROJECT_BINARY_DIR}/exakt.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/exakt.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME copyright)
install(FILES README.md CITATION.cff DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR} PATTERN CMakeLists.txt EXCLUDE)

set(CPACK_PACKAGE_VENDOR "The exakt developers")
set(CPACK_PACKAGE_CONTACT "The exakt developers")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "exact k-means on real hardware: program, C library and headers")
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "gnuplot-nox, python3")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"Lloyd's k-means of float32 points with the one exact answer: every label is the
true nearest centroid, and all results are the same bits for every kernel, tile
size, number of threads and instruction set.")
include(CPack)
