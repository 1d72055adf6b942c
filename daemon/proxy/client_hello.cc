#include "daemon/proxy/client_hello.h"

#include <algorithm>
#include <vector>

namespace hort::proxy {
namespace {

constexpr std::size_t record_header = 5, message_header = 4, max_record = 1 << 14;
constexpr std::uint16_t server_name_extension = 0, protocols_extension = 16, encrypted_hello_extension = 0xfe0d;

// Reads numbers and vectors (RFC 8446 section 3.4) from the front of a text; false once something is missing.
class Cursor {
  public:
    explicit Cursor(std::string_view bytes) : rest_(bytes) {}

    bool number(int octets, std::size_t& out) {
        std::string_view bytes;
        if (!take(static_cast<std::size_t>(octets), bytes)) return false;
        out = 0;
        for (const char byte : bytes) out = out << 8 | static_cast<unsigned char>(byte);
        return true;
    }
    bool take(std::size_t size, std::string_view& out) {
        if (rest_.size() < size) return false;
        out = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return true;
    }
    // A vector whose length stands in `octets` octets before it.
    bool vector(int octets, std::string_view& out) {
        std::size_t size = 0;
        return number(octets, size) && take(size, out);
    }
    bool is_at_end() const { return rest_.empty(); }

  private:
    std::string_view rest_;
};

// IPv4, or IPv6.
bool is_address(std::string_view text) {
    return text.find_first_not_of("0123456789.") == std::string_view::npos ||
           (text.find(':') != std::string_view::npos &&
            text.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos);
}

}  // namespace

ClientHelloReader::State ClientHelloReader::fail(State state, std::string_view problem) {
    problem_ = problem;
    message_ = std::string();
    return state_ = state;
}

ClientHelloReader::State ClientHelloReader::read(std::string_view bytes) {
    while (state_ == State::more && !bytes.empty()) {
        if (left_ == 0) {
            header_ += bytes.front();
            bytes.remove_prefix(1);
            if (header_.size() == 1 && header_[0] != 22)
                // Alerts and the like before the hello are no other protocol, but nothing to pass on either.
                return fail(records_ > 0 || (header_[0] >= 20 && header_[0] <= 24) ? State::malformed : State::not_tls,
                            "not a handshake record");
            if (header_.size() == 2 && header_[1] != 3) return fail(State::not_tls, "not a version of TLS");
            if (header_.size() < record_header) continue;
            left_ = static_cast<std::size_t>(static_cast<unsigned char>(header_[3])) << 8 |
                    static_cast<unsigned char>(header_[4]);
            if (left_ == 0) return fail(State::malformed, "an empty record");
            if (left_ > max_record) return fail(State::malformed, "a record longer than 16 KiB");
            if (++records_ > max_records) return fail(State::malformed, "more than 1,024 records");
            total_ += record_header;
            header_.clear();
            continue;
        }
        const auto piece = bytes.substr(0, left_);
        bytes.remove_prefix(piece.size());
        left_ -= piece.size();
        total_ += piece.size();
        message_ += piece;
        if (message_[0] != 1) return fail(State::malformed, "a handshake message other than ClientHello");
        if (expected_ == 0 && message_.size() >= message_header) {
            std::size_t size = 0;
            (void)Cursor(std::string_view(message_).substr(1)).number(3, size);
            expected_ = message_header + size;
            if (expected_ > max_octets) return fail(State::malformed, "a ClientHello longer than 64 KiB");
        }
        if (total_ > max_octets) return fail(State::malformed, "a ClientHello longer than 64 KiB");
        if (expected_ != 0 && message_.size() >= expected_) return read_message();
    }
    return state_;
}

ClientHelloReader::State ClientHelloReader::read_message() {
    // The message ends its record: what would follow it there cannot be the client's next message, which waits for an
    // answer.
    if (message_.size() > expected_ || left_ != 0) return fail(State::malformed, "octets behind the ClientHello");
    Cursor body(std::string_view(message_).substr(message_header));
    std::size_t version = 0;
    std::string_view random, session, ciphers, compression;
    if (!body.number(2, version) || version >> 8 != 3) return fail(State::malformed, "not a version of TLS");
    if (!body.take(32, random)) return fail(State::malformed, "no random");
    if (!body.vector(1, session) || session.size() > 32) return fail(State::malformed, "a bad session id");
    if (!body.vector(2, ciphers) || ciphers.empty() || ciphers.size() % 2 != 0)
        return fail(State::malformed, "bad cipher suites");
    if (!body.vector(1, compression) || compression.empty()) return fail(State::malformed, "bad compression methods");
    if (!body.is_at_end()) {  // before TLS 1.3 there may be none
        std::string_view extensions;
        if (!body.vector(2, extensions) || !body.is_at_end()) return fail(State::malformed, "bad extensions");
        if (!read_extensions(extensions)) return state_;
    }
    message_ = std::string();
    return state_ = State::done;
}

bool ClientHelloReader::read_extensions(std::string_view extensions) {
    Cursor rest(extensions);
    std::vector<std::size_t> types;
    while (!rest.is_at_end()) {
        std::size_t type = 0;
        std::string_view data;
        if (!rest.number(2, type) || !rest.vector(2, data)) {
            fail(State::malformed, "bad extensions");
            return false;
        }
        types.push_back(type);
        if (type == encrypted_hello_extension) hello_.has_encrypted_hello = true;
        if (type == protocols_extension && !read_protocols(data)) return false;
        if (type == server_name_extension && !read_server_name(data)) return false;
    }
    std::sort(types.begin(), types.end());
    if (std::adjacent_find(types.begin(), types.end()) != types.end()) {
        fail(State::malformed, "an extension twice");
        return false;
    }
    return true;
}

bool ClientHelloReader::read_protocols(std::string_view extension) {
    Cursor outer(extension);
    std::string_view list;
    const bool is_list = outer.vector(2, list) && outer.is_at_end();
    hello_.takes_http_1_1 = false;
    for (Cursor names(list); is_list && !names.is_at_end();) {
        std::string_view name;
        if (!names.vector(1, name) || name.empty()) {
            fail(State::malformed, "a bad list of protocols");
            return false;
        }
        if (name == "http/1.1") hello_.takes_http_1_1 = true;
    }
    if (!is_list) fail(State::malformed, "a bad list of protocols");
    return is_list;
}

// Names of an unknown type are skipped; they have a length in front of them like host names (RFC 6066 section 3).
bool ClientHelloReader::read_server_name(std::string_view extension) {
    const auto refuse = [&](std::string_view problem) {
        fail(State::malformed, problem);
        return false;
    };
    Cursor outer(extension);
    std::string_view list;
    if (!outer.vector(2, list) || !outer.is_at_end()) return refuse("a bad server name extension");
    Cursor names(list);
    bool has_host_name = false;
    while (!names.is_at_end()) {
        std::size_t type = 0;
        std::string_view name;
        if (!names.number(1, type) || !names.vector(2, name)) return refuse("a bad server name extension");
        if (type != 0) continue;
        if (has_host_name) return refuse("two server names");
        has_host_name = true;
        if (name.empty() || is_address(name)) continue;
        // Octets other than ASCII may not stand here: the text is not one for people.
        if (std::any_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; }))
            return refuse("a server name that is none");
        const auto host = Hostname::parse(name);
        if (!host) return refuse("a server name that is none");
        hello_.server_name = *host;
    }
    return true;
}

}  // namespace hort::proxy
