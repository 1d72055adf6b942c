// The two clocks that make a Moment.
#pragma once

#include "rules/moment.h"

namespace hort::platform {
Moment now();
}
