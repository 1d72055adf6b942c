// What an upstream answers to a child's question: kept, looked through, made bare, and written for the client, with the
// real decision core over a small household.
#include <cstdlib>
#include <cstring>
#include <vector>

#include "daemon/dns/cache.h"
#include "daemon/dns/filter.h"
#include "daemon/dns/records.h"
#include "rules/compiler.h"
#include "rules/decision.h"
#include "rules/rule_file_policy.h"

using namespace hort;
using namespace hort::dns;

namespace {

struct NoLog final : DecisionLog, TrafficMeter {
    void noted(Channel, const Subject&, const Hostname&, const Decision&, const Moment&) override {}
    void passed(std::int64_t, const Hostname&, bool) override {}
};

Policy household() {
    const auto& taxonomy = Taxonomy::shipped();
    RulesetCompiler compiler(taxonomy, HashKey{1, 2});
    compiler.add(*Hostname::parse("casino.example"), Scope::subtree, *taxonomy.find("gambling"));
    auto out = policy_of_nobody(*Ruleset::open(image_in_memory(*compiler.finish(1)), taxonomy));
    out.household = Profile::of_tier("household", Tier::age_7_11, taxonomy);
    out.household.hides_quic = true;
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const auto policy = household();
    static const LocalNames names;
    static const dns::BlockedAnswer page;
    static NoLog log;
    static Counters counters;
    if (size < 4) return 0;
    // The first octets choose the question.
    constexpr std::uint16_t types[] = {1, 28, 65, 64, 5, 16, 12, 255};
    const auto type = types[data[0] & 7];
    const bool is_alias = (data[0] & 8) != 0;
    const std::size_t limit = (data[1] & 1) != 0 ? 512 : (data[1] & 2) != 0 ? 1232 : 65535;
    std::vector<std::uint8_t> query(512);
    query.resize(write_query(query, "www.example.org", type));
    const auto question = parse_question(query).question;
    const auto target = wire_name("forcesafesearch.example.com");
    const auto asked = is_alias ? question_for(target, question) : question;

    std::vector<std::uint8_t> packet(data + 2, data + size);
    if (packet.size() < asked.end) packet.resize(asked.end);
    packet[0] = static_cast<std::uint8_t>(asked.id >> 8);
    packet[1] = static_cast<std::uint8_t>(asked.id);
    packet[2] = static_cast<std::uint8_t>((packet[2] | 0x80) & 0x87);
    packet[4] = 0, packet[5] = 1;
    std::memcpy(packet.data() + header_size, asked.name.data(), asked.name.size());
    std::memcpy(packet.data() + asked.end - 4, query.data() + question.end - 4, 4);
    const auto about = accept_answer(packet, asked, asked.id);
    if (!about || about->is_truncated || about->size < asked.end) return 0;  // as the upstreams' connections do

    Cache cache(1 << 18);
    const FilterParts parts{cache, log, counters, log, names, page};
    auto kept = kept_answer(packet, *about, asked, names);
    cache.bound(kept, asked);
    cache.keep(asked, kept, 100);
    const Subject who{nullptr, &policy.household};
    std::vector<std::uint8_t> buffer(65535 + 1024);
    const auto check = [&](std::size_t written) {
        if (written > std::max<std::size_t>(limit, 512)) std::abort();
        // As many whole records as the header says, and nothing behind them. (Names may be broken: a pointer may lead
        // into a TTL, which changes.)
        if (written < question.end) std::abort();
        const auto message = std::span<const std::uint8_t>(buffer).first(written);
        unsigned left = 0u + get16(message, 6) + get16(message, 8) + get16(message, 10);
        std::size_t end = question.end;
        for_each_record(message, question.end, [&](const Record& record, int) {
            --left;
            end = record.end;
            return true;
        });
        if (left != 0 || end != written) std::abort();
    };
    for (const auto* answer : {&kept, static_cast<KeptAnswer*>(nullptr)}) {
        std::memcpy(buffer.data(), query.data(), query.size());
        // A stale one, where there is none.
        check(answer_forwarded(buffer, question, asked, answer, {22, "none"}, policy, who, {1000, 100'000}, limit,
                               parts));
    }
    std::memcpy(buffer.data(), query.data(), query.size());
    if (const auto found = cache.answer(buffer, question, asked, 101, limit); found.size > 0) check(found.size);
    return 0;
}
