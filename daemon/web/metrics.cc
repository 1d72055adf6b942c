#include "daemon/web/metrics.h"

#include <cstdio>

#include "daemon/version.h"

namespace hort::web {
namespace {

// A label's value (backslash, quotation mark and line feed are escaped).
std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\\' || c == '"') out += '\\';
        if (c == '\n')
            out += "\\n";
        else
            out += c;
    }
    return out;
}

class Text {
  public:
    void family(std::string_view name, std::string_view type, std::string_view help) {
        name_ = name;
        out_ += "# HELP hort_" + name_ + " " + std::string(help) + "\n# TYPE hort_" + name_ + " " + std::string(type) +
                "\n";
    }
    void put(const std::string& value, const std::string& labels = {}) {
        out_ += "hort_" + name_ + (labels.empty() ? "" : "{" + labels + "}") + " " + value + "\n";
    }
    void counter(std::string_view name, std::string_view help, const std::atomic<std::uint64_t>& value) {
        family(name, "counter", help);
        put(std::to_string(value.load(std::memory_order_relaxed)));
    }
    void gauge(std::string_view name, std::string_view help, std::uint64_t value) {
        family(name, "gauge", help);
        put(std::to_string(value));
    }
    std::string take() { return std::move(out_); }

  private:
    std::string name_, out_;
};

}  // namespace

std::string metrics_text(const MetricsParts& parts) {
    Text out;
    const auto& c = parts.counters;
    out.family("build_info", "gauge", "Version of the daemon.");
    out.put("1", "version=\"" + escaped(version) + "\"");
    out.counter("dns_queries_total", "Questions answered or forwarded.", c.dns_queries);
    out.counter("dns_blocked_total", "Questions blocked.", c.dns_blocked);
    out.counter("dns_cached_total", "Questions answered from the cache.", c.dns_cached);
    out.counter("dns_stale_total", "Questions answered after the TTL, because no upstream answered.", c.dns_stale);
    out.counter("dns_forwarded_total", "Questions asked upstream.", c.dns_forwarded);
    out.counter("dns_failed_total", "Questions that no upstream answered.", c.dns_failed);
    out.counter("dns_limited_total", "Datagrams dropped by the rate limit.", c.dns_limited);
    out.counter("proxy_requests_total", "Requests to the proxy.", c.proxy_requests);
    out.counter("proxy_blocked_total", "Requests blocked.", c.proxy_blocked);
    out.counter("proxy_refused_total", "Requests refused as wrong, or whose server could not be reached.",
                c.proxy_refused);
    const auto cache = parts.dns.cache_state();
    out.gauge("dns_cache_answers", "Answers in the cache.", cache.entries);
    out.gauge("dns_cache_bytes", "Octets that they take.", cache.bytes);
    out.gauge("names", "Names in the lists in force.", parts.policy.load()->ruleset->entry_count());

    const auto upstreams = parts.dns.upstreams();
    const auto labels = [](const UpstreamState& one) {
        return "upstream=\"" + escaped(one.address) + "\",zone=\"" + escaped(one.zone) + "\"";
    };
    out.family("dns_upstream_answered_total", "counter", "Questions that an upstream answered.");
    for (const auto& one : upstreams) out.put(std::to_string(one.answered), labels(one));
    out.family("dns_upstream_failed_total", "counter", "Questions that it did not.");
    for (const auto& one : upstreams) out.put(std::to_string(one.failed), labels(one));
    out.family("dns_upstream_up", "gauge", "1 while it answers.");
    for (const auto& one : upstreams) out.put(one.is_resting ? "0" : "1", labels(one));
    out.family("dns_upstream_seconds", "gauge", "How long it takes to answer, smoothed.");
    for (const auto& one : upstreams) {
        char text[32];
        std::snprintf(text, sizeof text, "%.6f", static_cast<double>(one.round_trip) / 1e6);
        out.put(text, labels(one));
    }
    return out.take();
}

}  // namespace hort::web
