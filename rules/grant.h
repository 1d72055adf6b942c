// Grant: a guardian's exception with an end: something allowed for a while, more time, a pause.
#pragma once

#include <cstdint>
#include <optional>

#include "rules/category.h"
#include "rules/hostname.h"
#include "rules/moment.h"
#include "rules/service.h"

namespace hort {

struct Grant {
    enum class Kind : std::uint8_t {
        allow,  // a site, a service or a category, whatever the rules and the hours say
        bonus,  // online, whatever the hours say
        pause,  // nothing but protected help and what is always allowed
    };

    Kind kind = Kind::allow;
    // Of `allow`: one of them.
    std::optional<Hostname> site = {};
    const Service* service = nullptr;
    std::optional<Category> category = {};
    // boot_seconds counts, which no clock that is set moves; where it is 0 the grant was given before this boot, and
    // wall_seconds counts. A pause without an end has no `until`.
    std::optional<Moment> until = {};

    bool is_running(const Moment& now) const { return !until || seconds_left(now) > 0; }
    // REQUIRES: it has an end.
    std::int64_t seconds_left(const Moment& now) const {
        return until->boot_seconds != 0 ? until->boot_seconds - now.boot_seconds
                                        : until->wall_seconds - now.wall_seconds;
    }
    // When it ends on the clock on the wall as that goes now, in seconds since 1970 UTC. The two clocks tick at
    // different moments: a second of difference is none.
    std::int64_t end(const Moment& now) const {
        const auto moment = now.wall_seconds + seconds_left(now);
        const auto apart = moment - until->wall_seconds;
        return apart >= -1 && apart <= 1 ? until->wall_seconds : moment;
    }
};

}  // namespace hort
