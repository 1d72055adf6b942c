// Who may include whom, read from the include lines.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <set>

namespace {

namespace fs = std::filesystem;

struct Include {
    std::string file, target;
    int line;
    bool is_system;
};

std::vector<Include> all_includes() {
    const fs::path root = std::getenv("HORT_SOURCE_DIR");
    std::vector<Include> out;
    for (const char* folder : {"rules", "platform", "daemon", "ctl"})
        for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
            const auto extension = entry.path().extension();
            if (extension != ".h" && extension != ".cc") continue;
            std::ifstream file(entry.path());
            int number = 0;
            for (std::string line; std::getline(file, line);) {
                ++number;
                if (!line.starts_with("#include")) continue;
                const auto open = line.find_first_of("<\""), close = line.find_last_of(">\"");
                out.push_back({fs::relative(entry.path(), root).generic_string(),
                               line.substr(open + 1, close - open - 1), number, line[open] == '<'});
            }
        }
    return out;
}

std::string first(const std::string& path) { return path.substr(0, path.find('/')); }
std::string folder(const std::string& path) { return path.substr(0, path.rfind('/')); }

TEST(Layering, IncludesGoDownOnly) {
    const std::map<std::string, std::set<std::string>> may = {{"rules", {"rules"}},
                                                              {"platform", {"platform", "rules"}},
                                                              {"ctl", {"ctl", "platform", "rules"}},
                                                              {"daemon", {"daemon", "platform", "rules", "ctl"}}};
    const auto includes = all_includes();
    ASSERT_GT(includes.size(), 100u);
    for (const auto& include : includes)
        if (!include.is_system)
            EXPECT_TRUE(may.at(first(include.file)).contains(first(include.target)))
                << include.file << ":" << include.line << " includes " << include.target;
}

TEST(Layering, OnlyTheControlPartOfTheDaemonKnowsTheCommandTable) {
    for (const auto& include : all_includes())
        if (first(include.file) == "daemon" && first(include.target) == "ctl")
            EXPECT_EQ(include.file.substr(0, 15), "daemon/control/") << include.file << ":" << include.line;
}

TEST(Layering, FoldersOfTheDaemonMeetInItsInterfacesOnly) {
    for (const auto& include : all_includes()) {
        const auto from = folder(include.file), to = folder(include.target);
        if (first(include.file) != "daemon" || first(include.target) != "daemon" || include.is_system) continue;
        if (from == "daemon" || to == "daemon" || to == "daemon/store")
            continue;  // the wiring, the small interfaces, the store
        const auto part = [](const std::string& path) { return path.substr(0, path.find('/', 7)); };
        const bool is_for_control =
            from.starts_with("daemon/control") && (to == "daemon/lists" || to == "daemon/usage");
        EXPECT_TRUE(part(from) == part(to) || is_for_control)
            << include.file << ":" << include.line << " includes " << include.target;
    }
}

TEST(Layering, SystemHeadersStayBehindThePlatform) {
    for (const auto& include : all_includes()) {
        if (!include.is_system) continue;
        const auto& target = include.target;
        const bool is_linux = target.starts_with("linux/") || target.starts_with("sys/") ||
                              target.starts_with("netinet/") || target.starts_with("arpa/") || target == "unistd.h" ||
                              target == "fcntl.h" || target == "pwd.h" || target == "grp.h";
        const bool is_windows = target == "windows.h" || target == "winsock2.h";
        const auto& file = include.file;
        if (is_linux && file.ends_with(".h"))
            EXPECT_EQ(file.substr(0, 15), "platform/linux/") << file << ":" << include.line << " includes " << target;
        if (is_linux)
            EXPECT_TRUE(!file.starts_with("rules/") && !file.starts_with("ctl/"))
                << file << ":" << include.line << " includes " << target;
        if (is_windows)
            EXPECT_TRUE(file.starts_with("platform/windows/") || file == "rules/idna_windows.cc" ||
                        file == "rules/fold_text_windows.cc")
                << file << ":" << include.line;
    }
}

TEST(Layering, NoHeaderOutsideThePlatformIncludesASystemsOwnFolder) {
    for (const auto& include : all_includes())
        if (include.target.starts_with("platform/linux/") || include.target.starts_with("platform/windows/"))
            EXPECT_EQ(first(include.file), "platform") << include.file << ":" << include.line;
}

TEST(Layering, EveryFolderHasAReadme) {
    const fs::path root = std::getenv("HORT_SOURCE_DIR");
    std::set<std::string> folders = {"tests",      "tests/unit",  "tests/end_to_end",
                                     "tests/fuzz", "tests/bench", "packaging"};
    for (const auto& include : all_includes()) folders.insert(folder(include.file));
    for (const auto& path : folders) EXPECT_TRUE(fs::exists(root / path / "README.md")) << path;
}

}  // namespace
