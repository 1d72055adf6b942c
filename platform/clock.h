// The clocks that make a Moment, and the zone that makes it a time on the wall.
#pragma once

#include <string>

#include "rules/moment.h"
#include "rules/time_zone.h"

namespace hort::platform {

Moment now();

// Which boot of the machine this is: boot_seconds compare within one only.
std::string boot_id();

// The zone of this machine, from a year before to six years after `around` (seconds since 1970 UTC). Reads the system's
// zone data anew, so that a machine that travelled is noticed.
TimeZone local_zone(std::int64_t around);

// The country (ISO 3166, "DE") whose time this machine shows; empty when it is not known.
std::string local_country();

}  // namespace hort::platform
