# Writes a C++ source that defines the shipped data files as string literals.
# Called as: cmake -D OUT=file.cc -D IN_DIR=rules/data -P embed.cmake
set(text "#include \"rules/data/shipped.h\"\n\nnamespace hort::data {\n")
foreach(name block_page.json categories.json encrypted_dns.json essential_allow.json intercept_bypass.json phrases.json protected_help.json public_suffix_list.dat rule_file.schema.json
    safe_search.json services.json subscriptions.json)
  file(READ "${IN_DIR}/${name}" content)
  # One literal may not exceed 64 KiB on every compiler; pieces are joined by the language.
  string(LENGTH "${content}" length)
  set(at 0)
  string(REPLACE "." "_" variable "${name}")
  string(APPEND text "const std::string_view ${variable} =")
  while(at LESS length)
    string(SUBSTRING "${content}" ${at} 8000 piece)
    # Cut at the end of a line, so that no letter of several octets is cut.
    string(FIND "${piece}" "\n" end REVERSE)
    if(end GREATER 0)
      math(EXPR end "${end} + 1")
      string(SUBSTRING "${piece}" 0 ${end} piece)
    endif()
    string(APPEND text "\nR\"hort(${piece})hort\"")
    string(LENGTH "${piece}" size)
    math(EXPR at "${at} + ${size}")
  endwhile()
  string(APPEND text ";\n")
endforeach()
file(WRITE "${OUT}" "${text}}\n")
