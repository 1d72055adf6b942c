#include "daemon/asking.h"

#include "rules/time_text.h"

namespace hort {

Result<Asked> ask_guardian(store::Grants& grants, const store::PersonRecord& person, const std::string& kind,
                           const std::string& what, const std::string& why, const store::By& by) {
    store::RequestRecord request;
    request.person = person.id;
    request.child = person.name;
    request.kind = kind;
    request.why = why;
    request.made = by.time;
    if (why.size() > 200) return Error{"the reason is longer than 200 octets", {}, {}};
    if (kind == "time") {
        const auto seconds = parse_duration(what);
        if (!seconds) return seconds.error();
        request.seconds = *seconds;
        request.subject = text_of_duration(*seconds);
    } else {
        const auto host = Hostname::parse(what);
        if (!host) return host.error();
        if (host->label_count() < 2) return Error{"no site", what, "expected one such as example.org"};
        request.subject = std::string(host->text());
    }
    const auto id = grants.ask(request, by);
    if (!id) return id.error();
    return Asked{*id, request.subject};
}

}  // namespace hort
