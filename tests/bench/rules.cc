// Look-up and compile, beside an unordered_set of strings walked label by label (a stand-in for what a simple filter
// does).
//
// HORT_BENCH_LISTS: a folder of lists ROOT/<category>/<file>; the names of the starter lists otherwise.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <unordered_set>

#include "rules/compiler.h"
#include "rules/list_reader.h"

namespace {

using namespace hort;

struct Names {
    std::vector<Hostname> listed;
    std::string text;             // of the largest list
    std::vector<Hostname> asked;  // one in five listed, in random order
};

const Names& names() {
    static const Names all = [] {
        Names out;
        const char* given = std::getenv("HORT_BENCH_LISTS");
        const std::string root = given != nullptr ? given : HORT_LISTS;
        for (const auto& file : std::filesystem::recursive_directory_iterator(root)) {
            const auto name = file.path().filename().string();
            if (!file.is_regular_file() || name.starts_with("LICENSE") || name.ends_with(".md")) continue;
            std::ifstream in(file.path(), std::ios::binary);
            std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
            (void)read_list(text, detect_list_format(text),
                            {.name = [&](const ListEntry& entry) { out.listed.push_back(entry.host); }});
            if (text.size() > out.text.size()) out.text = std::move(text);
        }
        std::mt19937 random(1);
        for (int i = 0; i < 200000; ++i)
            out.asked.push_back(random() % 5 == 0
                                    ? out.listed[random() % out.listed.size()]
                                    : *Hostname::parse("www.site" + std::to_string(random()) + ".example"));
        return out;
    }();
    return all;
}

void add_all(RulesetCompiler& compiler) {
    for (const auto& host : names().listed) compiler.add(host, Scope::subtree, 0);
}

void BM_Lookup(benchmark::State& state) {
    RulesetCompiler compiler(Taxonomy::shipped(), HashKey{1, 2});
    add_all(compiler);
    const auto rules = *Ruleset::open(image_in_memory(*compiler.finish(0)), Taxonomy::shipped());
    std::size_t i = 0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(rules->lookup(names().asked[i], CategorySet(1)));
        if (++i == names().asked.size()) i = 0;
    }
    state.counters["bytes_a_name"] =
        static_cast<double>(rules->size_in_bytes()) / static_cast<double>(rules->entry_count());
    state.counters["names"] = static_cast<double>(rules->entry_count());
}
BENCHMARK(BM_Lookup);

void BM_PeerUnorderedSet(benchmark::State& state) {
    std::unordered_set<std::string> set;
    for (const auto& host : names().listed) set.emplace(host.text());
    std::size_t i = 0;
    for (auto _ : state) {
        bool is_listed = false;
        for (int labels = names().asked[i].label_count(); labels > 0 && !is_listed; --labels)
            is_listed = set.contains(std::string(names().asked[i].suffix(labels)));
        benchmark::DoNotOptimize(is_listed);
        if (++i == names().asked.size()) i = 0;
    }
}
BENCHMARK(BM_PeerUnorderedSet);

void BM_Compile(benchmark::State& state) {
    (void)names();
    for (auto _ : state) {
        RulesetCompiler compiler(Taxonomy::shipped(), HashKey{1, 2});
        add_all(compiler);
        benchmark::DoNotOptimize(compiler.finish(0));
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(names().listed.size()));
}
BENCHMARK(BM_Compile)->Unit(benchmark::kMillisecond);

void BM_OpenAndVerify(benchmark::State& state) {
    RulesetCompiler compiler(Taxonomy::shipped(), HashKey{1, 2});
    add_all(compiler);
    const auto bytes = *compiler.finish(0);
    for (auto _ : state) benchmark::DoNotOptimize(Ruleset::open(image_in_memory(bytes), Taxonomy::shipped()));
}
BENCHMARK(BM_OpenAndVerify)->Unit(benchmark::kMillisecond);

void BM_ReadList(benchmark::State& state) {
    const auto& text = names().text;
    const auto format = detect_list_format(text);
    for (auto _ : state) benchmark::DoNotOptimize(read_list(text, format, {.name = [](const ListEntry&) {}}));
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(BM_ReadList)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
