// The data files of this folder as text, embedded at build time so that a binary is complete by itself.
#pragma once

#include <string_view>

namespace hort::data {

extern const std::string_view block_page_json;
extern const std::string_view categories_json;
extern const std::string_view encrypted_dns_json;
extern const std::string_view essential_allow_json;
extern const std::string_view intercept_bypass_json;
extern const std::string_view phrases_json;
extern const std::string_view protected_help_json;
extern const std::string_view public_suffix_list_dat;
extern const std::string_view rule_file_schema_json;
extern const std::string_view safe_search_json;
extern const std::string_view services_json;
extern const std::string_view subscriptions_json;

}  // namespace hort::data
