// What a child asks a guardian for: more time, or a site. From the command, or from the page of a blocked site.
#pragma once

#include <string>

#include "daemon/store/grants.h"
#include "daemon/store/people.h"

namespace hort {

// Puts a request where guardians find it; returns its number and what it is for ("30 min", "example.org"). `kind` is
// time or site.
struct Asked {
    std::int64_t id = 0;
    std::string subject;
};
Result<Asked> ask_guardian(store::Grants& grants, const store::PersonRecord& person, const std::string& kind,
                           const std::string& what, const std::string& why, const store::By& by);

}  // namespace hort
