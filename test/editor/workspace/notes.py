import csv


def read(path):
    with open(path) as file:
        return list(csv.reader(file))
