// Names that are answered here and never leave the house: records that the owner set, hosts entries, and the names that
// standards keep for special use.
//
// An immutable snapshot, built off the hot path. Special use: localhost, invalid, test, onion (RFC 6761, RFC 7686),
// local (RFC 6762), alt (RFC 9476), home.arpa (RFC 8375), the reverse names of private addresses (RFC 6303),
// resolver.arpa (RFC 9462); and wpad, by which whoever answers first becomes the proxy of every browser. A zone that is
// forwarded by configuration is not special.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "daemon/dns/message.h"
#include "daemon/local_record.h"
#include "rules/hostname.h"
#include "rules/network.h"

namespace hort::dns {

class LocalNames {
  public:
    static constexpr std::uint32_t ttl = 60;  // seconds of our own records: short, for they may be changed

    // `record` was parsed.
    void add(const LocalRecord& record);
    // The lines of a hosts(5) file, with the reverse names of its addresses. Lines that say nothing usable are left
    // out.
    void add_hosts(std::string_view text);
    // Below these names everything is asked of an upstream of their own.
    void forward(const Hostname& zone) { forwarded_.push_back(zone); }

    // Our own encrypted listeners, as others may find them (RFC 9462): `name` as in their certificate; port 0: none.
    struct Designated {
        std::string name;
        std::uint16_t dot_port = 0, doh_port = 0;
    };
    void designate(Designated designated) { designated_ = std::move(designated); }

    struct Answer {
        std::size_t size = 0;    // of what was written; 0: nothing is known here
        std::string_view alias;  // the name is an alias of this one, which has to be asked for
    };
    // Writes the answer for what is answered whatever the rules say: the family page's name and resolver.arpa.
    Answer answer_always(std::span<std::uint8_t> buffer, const Question& question) const;
    // ... and for all else that is known here.
    Answer answer(std::span<std::uint8_t> buffer, const Question& question, const Hostname& host) const;

    // Public answers may hold private addresses for these names (with all below them) only.
    void allow_inside(const Hostname& zone) { inside_.push_back(zone); }
    bool may_lead_inside(const Hostname& host) const;

    std::size_t size() const { return names_.size(); }

  private:
    struct Data {
        std::uint16_t type;
        std::string rdata;  // in wire form
    };
    struct Name {
        std::vector<Data> records;
        std::string alias;  // of a CNAME: the host name
    };
    void add(const std::string& name, std::uint16_t type, std::string rdata, std::string alias = {});
    const Name* find(const Hostname& host) const;
    bool is_forwarded(const Hostname& host) const;
    std::size_t write(std::span<std::uint8_t> buffer, const Question& question, const Name& name) const;

    struct TextHash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
    };
    std::unordered_map<std::string, Name, TextHash, std::equal_to<>> names_;  // by host name; "*.x" for all below x
    bool has_wildcards_ = false;
    std::vector<Hostname> forwarded_, inside_;
    Designated designated_;
};

// Whose answer is to be asked of nobody: "10.in-addr.arpa" and its like (RFC 6303), and the names of RFC 6761.
bool is_special_use(const Hostname& host);

}  // namespace hort::dns
