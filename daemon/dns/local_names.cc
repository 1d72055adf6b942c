#include "daemon/dns/local_names.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "daemon/family_page.h"
#include "rules/ascii.h"
#include "rules/network.h"

namespace hort::dns {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view resolver_zone = "resolver.arpa", designated_name = "_dns.resolver.arpa";
constexpr std::string_view special_zones[] = {"localhost", "invalid", "test",      "onion",
                                              "local",     "alt",     "home.arpa", "resolver.arpa"};
// RFC 6303 section 4; 16.172 to 31.172 and the v6 zones are asked apart.
constexpr std::string_view private_reverse[] = {"0.in-addr.arpa",
                                                "127.in-addr.arpa",
                                                "10.in-addr.arpa",
                                                "168.192.in-addr.arpa",
                                                "254.169.in-addr.arpa",
                                                "2.0.192.in-addr.arpa",
                                                "100.51.198.in-addr.arpa",
                                                "113.0.203.in-addr.arpa",
                                                "255.255.255.255.in-addr.arpa",
                                                "d.f.ip6.arpa",
                                                "c.f.ip6.arpa",
                                                "8.e.f.ip6.arpa",
                                                "9.e.f.ip6.arpa",
                                                "a.e.f.ip6.arpa",
                                                "b.e.f.ip6.arpa",
                                                "8.b.d.0.1.0.0.2.ip6.arpa"};

constexpr int max_aliases = 8;  // one after the other

std::string wire_of(std::string_view host) {
    const auto name = wire_name(host);
    return {reinterpret_cast<const char*>(name.octets.data()), name.size};
}

std::string rdata_of(const AddressBytes& address) {
    const std::string all(reinterpret_cast<const char*>(address.data()), address.size());
    return is_v4(address) ? all.substr(12) : all;
}

std::optional<AddressBytes> address_of(std::string_view text) {
    const auto network = parse_network(text);
    if (!network || network->bits != 128 || text.find('/') != std::string_view::npos) return std::nullopt;
    return network->address;
}

// Strings of at most 255 octets (RFC 1035 section 3.3.14).
std::string text_rdata(std::string_view text) {
    std::string out;
    do {
        const auto part = text.substr(0, 255);
        out += static_cast<char>(part.size());
        out += part;
        text.remove_prefix(part.size());
    } while (!text.empty());
    return out;
}

// A service binding (RFC 9460 section 2.2; keys in their order).
std::string service_rdata(unsigned priority, std::string_view target, std::string_view alpn, unsigned port,
                          std::string_view path) {
    std::string out;
    const auto put = [&](unsigned value) {
        out += static_cast<char>(value >> 8);
        out += static_cast<char>(value);
    };
    put(priority);
    out += wire_of(target);
    put(1);  // alpn
    put(static_cast<unsigned>(alpn.size() + 1));
    out += static_cast<char>(alpn.size());
    out += alpn;
    put(3);  // port
    put(2);
    put(port);
    if (!path.empty()) {
        put(7);  // dohpath, RFC 9461
        put(static_cast<unsigned>(path.size()));
        out += path;
    }
    return out;
}

}  // namespace

bool is_special_use(const Hostname& host) {
    const auto text = host.text();
    const auto last = host.suffix(1);
    if (last == "arpa") {
        for (const auto zone : private_reverse)
            if (host.is_or_is_below(zone)) return true;
        for (int second = 16; second < 32; ++second)
            if (host.is_or_is_below(std::to_string(second) + ".172.in-addr.arpa")) return true;
        // ::1 and ::, whole names only.
        if (text.ends_with("0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa") &&
            text.size() == 72)
            return text[0] == '0' || text[0] == '1';
    }
    for (const auto zone : special_zones)
        if (host.is_or_is_below(zone)) return true;
    return text == "wpad" || text.starts_with("wpad.");
}

void LocalNames::add(const LocalRecord& record) {
    if (record.type == "A" || record.type == "AAAA") {
        if (const auto address = address_of(record.value))
            add(record.name, record.type == "A" ? type::a : type::aaaa, rdata_of(*address));
    } else if (record.type == "CNAME") {
        add(record.name, type::cname, wire_of(record.value), record.value);
    } else if (record.type == "PTR") {
        add(record.name, type::ptr, wire_of(record.value));
    } else if (record.type == "TXT") {
        add(record.name, type::txt, text_rdata(record.value));
    }
}

void LocalNames::add(const std::string& name, std::uint16_t type, std::string rdata, std::string alias) {
    has_wildcards_ = has_wildcards_ || name.starts_with("*.");
    auto& entry = names_[name];
    for (const auto& known : entry.records)
        if (known.type == type && known.rdata == rdata) return;
    entry.records.push_back({type, std::move(rdata)});
    if (!alias.empty()) entry.alias = std::move(alias);
}

void LocalNames::add_hosts(std::string_view text) {
    while (!text.empty()) {
        auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        line = line.substr(0, line.find('#'));
        const auto next_word = [&] {
            const auto begin = std::min(line.find_first_not_of(" \t\r"), line.size());
            line.remove_prefix(begin);
            const auto word = line.substr(0, line.find_first_of(" \t\r"));
            line.remove_prefix(word.size());
            return word;
        };
        const auto address = address_of(next_word());
        if (!address) continue;
        bool is_first = true;
        for (auto word = next_word(); !word.empty(); word = next_word()) {
            const auto host = Hostname::parse(word);
            if (!host) continue;
            // localhost is both loopback addresses, whatever the file says.
            if (!host->is_or_is_below("localhost"))
                add(std::string(host->text()), is_v4(*address) ? type::a : type::aaaa, rdata_of(*address));
            if (std::exchange(is_first, false)) add(reverse_name(*address), type::ptr, wire_of(host->text()));
        }
    }
}

const LocalNames::Name* LocalNames::find(const Hostname& host) const {
    if (names_.empty()) return nullptr;
    if (const auto it = names_.find(host.text()); it != names_.end()) return &it->second;
    if (!has_wildcards_) return nullptr;
    const std::string text(host.text());
    for (auto dot = text.find('.'); dot != std::string::npos; dot = text.find('.', dot + 1))
        if (const auto it = names_.find("*" + text.substr(dot)); it != names_.end()) return &it->second;
    return nullptr;
}

bool LocalNames::is_forwarded(const Hostname& host) const {
    return std::any_of(forwarded_.begin(), forwarded_.end(),
                       [&](const auto& zone) { return host.is_or_is_below(zone); });
}

bool LocalNames::may_lead_inside(const Hostname& host) const {
    return std::any_of(inside_.begin(), inside_.end(), [&](const auto& zone) { return host.is_or_is_below(zone); }) ||
           is_forwarded(host);
}

std::size_t LocalNames::write(std::span<std::uint8_t> buffer, const Question& question, const Name& name) const {
    std::vector<OwnRecord> records;
    for (const auto& [type, rdata] : name.records)
        if (type == question.type) records.push_back({type, rdata});
    return records.empty() ? write_negative(buffer, question, Rcode::no_error, ttl, nullptr)
                           : write_records(buffer, question, records, ttl);
}

LocalNames::Answer LocalNames::answer_always(std::span<std::uint8_t> buffer, const Question& question) const {
    // Both names end in "arpa": all others are told by their last label.
    constexpr auto arpa = "\4arpa\0"sv;
    const std::string_view name(reinterpret_cast<const char*>(question.name.data()), question.name.size());
    if (name.size() <= arpa.size()) return {};
    if (!is_same_ignoring_case(name.substr(name.size() - arpa.size()), arpa)) return {};
    const auto host = Hostname::from_wire(question.name);
    if (host.text().size() + 2 != question.name.size()) return {};
    if (host.text() == family_page)
        if (const auto* found = find(host)) return {write(buffer, question, *found), {}};
    if (!host.is_or_is_below(resolver_zone) || is_forwarded(host)) return {};
    if (host.text() != designated_name && host.text() != resolver_zone)
        return {write_negative(buffer, question, Rcode::name_error, ttl, nullptr), {}};
    std::vector<std::string> rdata;
    if (host.text() == designated_name && question.type == type::svcb && !designated_.name.empty()) {
        if (designated_.dot_port != 0)
            rdata.push_back(service_rdata(1, designated_.name, "dot", designated_.dot_port, {}));
        if (designated_.doh_port != 0)
            rdata.push_back(service_rdata(2, designated_.name, "h2", designated_.doh_port, "/dns-query{?dns}"));
    }
    std::vector<OwnRecord> records;
    for (const auto& data : rdata) records.push_back({type::svcb, data});
    return {records.empty() ? write_negative(buffer, question, Rcode::no_error, ttl, nullptr)
                            : write_records(buffer, question, records, ttl),
            {}};
}

LocalNames::Answer LocalNames::answer(std::span<std::uint8_t> buffer, const Question& question,
                                      const Hostname& host) const {
    const bool is_whole = host.text().size() + 2 == question.name.size();
    if (const auto* found = is_whole ? find(host) : nullptr) {
        if (!found->alias.empty() && question.type != type::cname) {
            // To the end of our own aliases.
            const Name* next = found;
            for (int i = 0; i < max_aliases; ++i) {
                const std::string_view alias = next->alias;
                const auto host_of = Hostname::parse(alias);
                next = host_of ? find(*host_of) : nullptr;
                if (next == nullptr || next->alias.empty()) return {0, alias};
            }
            return {write_error(buffer, question, Rcode::server_failure, nullptr), {}};
        }
        return {write(buffer, question, *found), {}};
    }
    if (host.empty() || !is_special_use(host) || is_forwarded(host)) return {};
    if (host.is_or_is_below("localhost")) {
        constexpr std::string_view v4 = "\x7f\0\0\1"sv, v6 = "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"sv;
        const OwnRecord record{question.type, question.type == type::a ? v4 : v6};
        if (question.type == type::a || question.type == type::aaaa)
            return {write_records(buffer, question, {&record, 1}, ttl), {}};
        return {write_negative(buffer, question, Rcode::no_error, ttl, nullptr), {}};
    }
    // The zones of our own are there; what is below them is not.
    const bool is_zone =
        std::find(std::begin(special_zones), std::end(special_zones), host.text()) != std::end(special_zones) ||
        std::find(std::begin(private_reverse), std::end(private_reverse), host.text()) != std::end(private_reverse);
    return {write_negative(buffer, question, is_zone ? Rcode::no_error : Rcode::name_error, ttl, nullptr), {}};
}

}  // namespace hort::dns
