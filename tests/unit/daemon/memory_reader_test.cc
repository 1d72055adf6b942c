#include "platform/linux/memory_reader.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace hort::platform {
namespace {

class MemoryReaderTest : public testing::Test {
  protected:
    void SetUp() override {
        std::string name = testing::TempDir() + "hort-memory-XXXXXX";
        ASSERT_NE(mkdtemp(name.data()), nullptr);
        folder = name;
        for (const char* process : {"/one", "/stuck"}) std::filesystem::create_directory(folder + process);
        std::ofstream(folder + "/one/cmdline") << "wine" << '\0' << "game.exe" << '\0';
        std::ofstream(folder + "/one/environ") << "A=b" << '\0';
        ASSERT_EQ(mkfifo((folder + "/stuck/cmdline").c_str(), 0600), 0);
    }
    void TearDown() override {
        // Who still waits there is let go.
        if (const int end = open((folder + "/stuck/cmdline").c_str(), O_WRONLY | O_NONBLOCK); end >= 0) close(end);
        std::filesystem::remove_all(folder);
    }
    std::string folder;
};

TEST_F(MemoryReaderTest, ArgumentsAndEnvironmentAreRead) {
    MemoryReader reader(std::chrono::minutes(1));
    const auto text = reader.read(folder + "/one", 1000);
    ASSERT_TRUE(text);
    EXPECT_EQ(text->arguments, std::string("wine\0game.exe\0", 14));
    EXPECT_EQ(text->environment, std::string("A=b\0", 4));
    EXPECT_EQ(reader.read(folder + "/gone", 1000)->arguments, "");
}

TEST_F(MemoryReaderTest, AProcessThatKeepsItsReaderWaitingDoesSoOnceAndForItsAccountAlone) {
    MemoryReader patient(std::chrono::minutes(1)), reader(std::chrono::milliseconds(1));
    // A thread that is not there yet is slow, too: what counts is that it ends.
    EXPECT_FALSE(reader.read(folder + "/stuck", 1000));
    EXPECT_FALSE(reader.read(folder + "/one", 1000)) << "the account rests";
    EXPECT_TRUE(patient.read(folder + "/one", 1001));
}

}  // namespace
}  // namespace hort::platform
