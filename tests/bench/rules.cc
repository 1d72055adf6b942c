// Compile, open and look up a large ruleset, beside an unordered_set of strings and a sorted array, both walked label
// by label (stand-ins for what a simple filter does).
//
// The names: HORT_BENCH_NAMES (default 5,000,000) different ones, made with a fixed seed from labels of the starter
// lists: "<label>.<label>.<top-level domain>" and, for one in three, "<label>.<top-level domain>". Look-ups are of
// names of three labels in random order, of which one in five is listed. The first row is the machine's time for one
// random access that depends on the one before, for comparison.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <numeric>
#include <random>
#include <unordered_set>

#include "platform/mapped_file.h"
#include "rules/compiler.h"
#include "rules/list_intake.h"

namespace {

using namespace hort;

struct Names {
    std::vector<std::string> listed;
    std::string hosts_text;  // the first 20 MB of them as a hosts file
    std::vector<Hostname> asked;
};

std::vector<std::string> labels_of_starter_lists(std::vector<std::string>& tops) {
    std::unordered_set<std::string> labels, last;
    for (const auto& file : std::filesystem::recursive_directory_iterator(HORT_LISTS)) {
        const auto name = file.path().filename().string();
        if (!file.is_regular_file() || name.starts_with("LICENSE") || name.ends_with(".md")) continue;
        std::ifstream in(file.path(), std::ios::binary);
        const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
        (void)read_list(text, detect_list_format(text), {.name = [&](const ListEntry& entry) {
                            const auto host = entry.host.text();
                            last.emplace(entry.host.suffix(1));
                            labels.emplace(host.substr(0, host.find('.')));
                        }});
    }
    tops.assign(last.begin(), last.end());
    std::vector<std::string> out(labels.begin(), labels.end());
    std::sort(tops.begin(), tops.end());
    std::sort(out.begin(), out.end());
    return out;
}

const Names& names() {
    static const Names all = [] {
        const char* given = std::getenv("HORT_BENCH_NAMES");
        const std::size_t count = given != nullptr ? std::stoul(given) : 5000000;
        std::vector<std::string> tops;
        const auto labels = labels_of_starter_lists(tops);
        std::mt19937_64 random(20261124);
        const auto pick = [&](const std::vector<std::string>& from) -> const std::string& {
            return from[random() % from.size()];
        };
        Names out;
        std::unordered_set<std::string> known;
        while (known.size() < count) {
            auto name = pick(labels) + "." + pick(tops);
            if (random() % 3 != 0) name = pick(labels) + "." + name;
            if (name.size() > 200 || !Hostname::parse(name)) continue;
            if (known.insert(name).second) out.listed.push_back(std::move(name));
        }
        known = {};
        for (const auto& name : out.listed) {
            if (out.hosts_text.size() > 20000000) break;
            out.hosts_text += "0.0.0.0 " + name + "\n";
        }
        std::vector<const std::string*> three;
        for (const auto& name : out.listed)
            if (std::count(name.begin(), name.end(), '.') == 2) three.push_back(&name);
        while (out.asked.size() < 1000000) {
            const auto host =
                Hostname::parse(random() % 5 == 0 ? *three[random() % three.size()]
                                                  : pick(labels) + ".not-" + pick(labels) + "." + pick(tops));
            if (host) out.asked.push_back(*host);
        }
        return out;
    }();
    return all;
}

void add_all(RulesetCompiler& compiler) {
    for (const auto& name : names().listed)
        compiler.add(*Hostname::parse(name), Scope::subtree, static_cast<Category>(name.size() % 10));
}

std::vector<std::byte> image() {
    RulesetCompiler compiler(Taxonomy::shipped(), HashKey{1, 2});
    compiler.reserve(names().listed.size(), names().listed.size() * 24);
    add_all(compiler);
    return *compiler.finish(0);
}

const std::vector<std::byte>& kept_image() {
    static const auto bytes = image();
    return bytes;
}

// From a file, as the daemon has it.
std::unique_ptr<ImageBytes> mapped_image() {
    static const std::string path = [] {
        auto out = (std::filesystem::temp_directory_path() / "hort-bench.hort").string();
        if (!platform::write_file_atomically(out, kept_image())) std::abort();
        return out;
    }();
    return *platform::map_file(path);
}

// VmHWM in MiB since the last reset (proc(5)).
double peak_memory() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("VmHWM:")) return std::stod(line.substr(6)) / 1024;
    return 0;
}
void reset_peak_memory() { std::ofstream("/proc/self/clear_refs") << "5"; }

void BM_RandomAccess(benchmark::State& state) {
    static const auto next = [] {
        std::vector<std::uint32_t> out(64 << 20);
        std::iota(out.begin(), out.end(), 0u);
        std::mt19937_64 random(1);
        for (std::size_t i = out.size() - 1; i > 0; --i) std::swap(out[i], out[random() % i]);  // one cycle (Sattolo)
        return out;
    }();
    std::uint32_t at = 0;
    for (auto _ : state) at = next[at];
    benchmark::DoNotOptimize(at);
}
BENCHMARK(BM_RandomAccess)->Repetitions(5)->ReportAggregatesOnly();

void BM_Compile(benchmark::State& state) {
    (void)names();
    double before = 0, peak = 0;
    for (auto _ : state) {
        reset_peak_memory();
        before = peak_memory();
        benchmark::DoNotOptimize(image());
        peak = std::max(peak, peak_memory() - before);
    }
    state.counters["peak_MiB"] = peak;
    state.counters["names"] = static_cast<double>(names().listed.size());
}
BENCHMARK(BM_Compile)->Unit(benchmark::kSecond)->Iterations(2);

void BM_OpenAndVerify(benchmark::State& state) {
    for (auto _ : state) {
        state.PauseTiming();
        auto bytes = mapped_image();
        state.ResumeTiming();
        benchmark::DoNotOptimize(Ruleset::open(std::move(bytes), Taxonomy::shipped()));
    }
    state.counters["image_MiB"] = static_cast<double>(kept_image().size()) / (1 << 20);
}
BENCHMARK(BM_OpenAndVerify)->Unit(benchmark::kMillisecond)->Iterations(10);

// The question itself is in the cache: it came in a moment ago.
void prefetch_question(std::size_t i) {
    const auto& all = names().asked;
    const auto* next = reinterpret_cast<const char*>(&all[(i + 8) % all.size()]);
    __builtin_prefetch(next);
    __builtin_prefetch(next + 64);
}

void BM_Lookup(benchmark::State& state) {
    static const auto rules = *Ruleset::open(mapped_image(), Taxonomy::shipped());
    std::size_t i = 0, hits = 0;
    for (auto _ : state) {
        prefetch_question(i);
        hits += rules->lookup(names().asked[i], CategorySet(~std::uint64_t{0})).categories.empty() ? 0 : 1;
        if (++i == names().asked.size()) i = 0;
    }
    state.counters["bytes_a_name"] =
        static_cast<double>(rules->size_in_bytes()) / static_cast<double>(names().listed.size());
    state.counters["hits"] = static_cast<double>(hits) / static_cast<double>(state.iterations());
}
BENCHMARK(BM_Lookup)->Repetitions(5)->ReportAggregatesOnly();

struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

void BM_PeerUnorderedSet(benchmark::State& state) {
    static const std::unordered_set<std::string, Hash, std::equal_to<>> set(names().listed.begin(),
                                                                            names().listed.end());
    std::size_t i = 0, hits = 0;
    for (auto _ : state) {
        prefetch_question(i);
        const auto& host = names().asked[i];
        for (int labels = host.label_count(); labels > 0; --labels)
            if (set.contains(host.suffix(labels))) {
                ++hits;
                break;
            }
        if (++i == names().asked.size()) i = 0;
    }
    state.counters["hits"] = static_cast<double>(hits) / static_cast<double>(state.iterations());
}
BENCHMARK(BM_PeerUnorderedSet)->Repetitions(5)->ReportAggregatesOnly();

void BM_PeerSortedArray(benchmark::State& state) {
    static const auto sorted = [] {
        auto out = names().listed;
        std::sort(out.begin(), out.end());
        return out;
    }();
    std::size_t i = 0, hits = 0;
    for (auto _ : state) {
        prefetch_question(i);
        const auto& host = names().asked[i];
        for (int labels = host.label_count(); labels > 0; --labels)
            if (std::binary_search(sorted.begin(), sorted.end(), host.suffix(labels), std::less<>())) {
                ++hits;
                break;
            }
        if (++i == names().asked.size()) i = 0;
    }
    state.counters["hits"] = static_cast<double>(hits) / static_cast<double>(state.iterations());
}
BENCHMARK(BM_PeerSortedArray)->Repetitions(3)->ReportAggregatesOnly();

void BM_ReadHostsText(benchmark::State& state) {
    const auto& text = names().hosts_text;
    for (auto _ : state)
        benchmark::DoNotOptimize(read_list(text, ListFormat::hosts, {.name = [](const ListEntry&) {}}));
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(BM_ReadHostsText)->Unit(benchmark::kMillisecond);

// Reading with the guard and into the compiler, as the daemon does.
void BM_CompileHostsText(benchmark::State& state) {
    const auto& text = names().hosts_text;
    for (auto _ : state) {
        RulesetCompiler compiler(Taxonomy::shipped(), HashKey{1, 2});
        std::vector<std::string> warnings;
        benchmark::DoNotOptimize(
            compile_list(compiler, {"bench", ListFormat::hosts, Category{0}, {}}, text, {}, warnings));
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(BM_CompileHostsText)->Unit(benchmark::kMillisecond);

void BM_CompileDomainsText(benchmark::State& state) {
    std::string text;
    for (const auto& name : names().listed) {
        if (text.size() > 20000000) break;
        text += name + "\n";
    }
    for (auto _ : state) {
        RulesetCompiler compiler(Taxonomy::shipped(), HashKey{1, 2});
        std::vector<std::string> warnings;
        benchmark::DoNotOptimize(
            compile_list(compiler, {"bench", ListFormat::domains, Category{0}, {}}, text, {}, warnings));
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(BM_CompileDomainsText)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
