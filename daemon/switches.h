// Switches: settings of a person or a profile that have few values, each with a name as in commands.
#pragma once

#include "rules/profile.h"

namespace hort {

// Puts one into the profile: blocked-answer (null, nxdomain, refused, page), quic (allowed, blocked), safe-search (on,
// off), restricted-mode (off, moderate, strict), content-scan (on, off), enforcement (on, watch-only), google-domains
// (domains with commas). False: there is no such switch, or it has no such value.
bool put_switch(Profile& profile, std::string_view name, std::string_view value);

}  // namespace hort
