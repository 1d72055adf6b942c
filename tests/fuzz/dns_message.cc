// A packet as a query, and as an upstream's answer.
#include <cstdlib>
#include <cstring>
#include <vector>

#include "daemon/dns/cache.h"
#include "daemon/dns/inspection.h"
#include "daemon/dns/message.h"
#include "rules/hostname.h"

using namespace hort::dns;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size > 4096) return 0;
    std::vector<std::uint8_t> buffer(4096);
    std::memcpy(buffer.data(), data, size);
    const auto parsed = parse_question(std::span(buffer).first(size));
    if (parsed.fault == QuestionFault::none) {
        (void)hort::Hostname::from_wire(parsed.question.name);
        const std::vector<std::uint8_t> query(buffer.begin(), buffer.begin() + static_cast<long>(size));
        std::vector<std::uint8_t> written = query;
        written.resize(4096);
        const auto blocked = write_blocked(written, parsed.question, {}, 10, {17, "text"});
        // What we write, we must be able to read.
        if (!accept_answer(std::span(written).first(blocked), parsed.question, parsed.question.id)) std::abort();
        std::uint8_t upstream[512];
        const auto asked = write_upstream_query(upstream, parsed.question, 7);
        if (parse_question(std::span(upstream).first(asked)).fault != QuestionFault::none) std::abort();
    } else if (size >= header_size) {
        write_header_only(buffer, Rcode::format_error);
    }

    // As an answer to a fixed question.
    std::vector<std::uint8_t> asked(512);
    asked.resize(write_query(asked, "www.example.org", 1));
    const auto question = parse_question(asked).question;
    std::vector<std::uint8_t> packet(data, data + size);
    if (packet.size() > question.end) {
        std::memcpy(packet.data() + 4, asked.data() + 4, 2);
        std::memcpy(packet.data() + header_size, asked.data() + header_size, question.end - header_size);
        packet[0] = packet[1] = 0;
        packet[2] |= 0x80;
        packet[2] &= 0x87;
    }
    if (const auto answer = accept_answer(packet, question, 0)) {
        packet.resize(answer->size);
        (void)addresses_in(packet);
        Cache cache(1 << 16);
        const auto facts = answer->size >= question.end ? facts_of(packet, question.end) : std::uint8_t{0};
        if (answer->size < question.end) return 0;
        cache.keep(question, {packet, 300, facts}, 0);
        (void)leads_inside(packet, question.end, facts);
        auto bare = packet;
        bare.resize(bare_services(bare, bare.size(), question.end, true));
        std::vector<std::uint8_t> out = asked;
        out.resize(8192);
        for (const std::size_t limit : {512, 1232, 8192}) {
            std::memcpy(out.data(), asked.data(), asked.size());
            if (cache.answer(out, question, 100, limit).size > limit) std::abort();
        }
    }
    return 0;
}
